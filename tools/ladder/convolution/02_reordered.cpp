// Rung 2: the same loops, co innermost.
//
// The definition computed one sum after the other. Here the Cout sums of a pixel grow side by side:
//
//   y[co] += x[ci] · w[ci, co]      for all co, then the next ci
//
// Neighbouring co lie side by side in memory, in w and in y. So the compiler puts eight of them
// into a vector, uses every byte of a cache line, and has 16 vectors of sums that do not wait for
// each other. Every sum still has its terms in the same order: the result has the same bits.
//
// `__restrict` promises that y overlaps neither x nor w; without it the compiler has to ask.
//
// Expected: 8 times for the vector, and up to 8 times for the latency that is hidden.

#include <algorithm>

#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void reordered(float* __restrict y, const float* x, const float* w) {
  for (int n = 0; n < N; ++n)
    for (int i = 0; i < H; ++i)
      for (int j = 0; j < W; ++j) {
        float* const sums = y + ((n * H + i) * W + j) * Cout;
        std::fill_n(sums, Cout, 0.f);
        for (int a = 0; a < K; ++a)
          for (int b = 0; b < K; ++b) {
            const int row = i + a - 1, column = j + b - 1;
            if (row < 0 || row >= H || column < 0 || column >= W) continue;  // zeros
            const float* const pixel = x + ((n * H + row) * W + column) * Cin;
            const float* const weights = w + (a * K + b) * Cin * Cout;
            for (int ci = 0; ci < Cin; ++ci)
              for (int co = 0; co < Cout; ++co) sums[co] += pixel[ci] * weights[ci * Cout + co];
          }
      }
}

}  // namespace robmask::ladder
