// Rung 1: the definition.
//
//   y[n, i, j, co] = Σ_{a, b, ci} x[n, i + a − 1, j + b − 1, ci] · w[a, b, ci, co]
//
// One sum after the other, each from first to last. It is what the other rungs are compared with.
//
// Why it is slow. Each term waits for the sum before it: four cycles, the latency of a
// multiply-add, for one number, where two multiply-adds of eight numbers each could begin every
// cycle. That is 1/64 of the peak, and the weights take it further down: from one ci to the next
// they lie Cout numbers apart, so each load brings a cache line of 64 bytes for the sake of four.
// The next co finds none of these lines in the first-level cache (rung 5 says why).

#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void definition(float* y, const float* x, const float* w) {
  for (int n = 0; n < N; ++n)
    for (int i = 0; i < H; ++i)
      for (int j = 0; j < W; ++j)
        for (int co = 0; co < Cout; ++co) {
          float sum = 0;
          for (int a = 0; a < K; ++a)
            for (int b = 0; b < K; ++b) {
              const int row = i + a - 1, column = j + b - 1;
              if (row < 0 || row >= H || column < 0 || column >= W) continue;  // zeros
              for (int ci = 0; ci < Cin; ++ci)
                sum += x[((n * H + row) * W + column) * Cin + ci] *
                       w[((a * K + b) * Cin + ci) * Cout + co];
            }
          y[((n * H + i) * W + j) * Cout + co] = sum;
        }
}

}  // namespace robmask::ladder
