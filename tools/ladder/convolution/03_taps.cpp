// Rung 3: tap by tap.
//
// A tap (a, b) of the window is a product of matrices: of the pixels, moved by a row or a column,
// with the weights of this tap. The convolution is the sum of nine such products:
//
//   Y += shift(X, a − 1, b − 1) · w[a, b]      pixels × Cin times Cin × Cout
//
// Nothing is copied: a shifted row is another place in the same map.
//
// Why the rung before is slow. For each pixel all weights pass by, 9 · 128 · 128 numbers, 590 KB:
// more than the second-level cache holds, and a vector of them is used for one multiply-add. Here
// the weights of a tap and 16 channels, 8 KB, stay in the first-level cache while all pixels pass.
// What passes instead are the sums, 512 KB, but each of their vectors is used for 16 multiply-adds.
//
// Expected: the loads and stores of rung 2, from a nearer cache. The compiler takes two ci at a
// time; so for two multiply-adds there are two loads of weights, a load and a store of sums: three
// loads, of which two begin in a cycle. At best two thirds of the peak.

#include <algorithm>

#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void taps(float* __restrict y, const float* x, const float* w) {
  constexpr int channels = 16;
  std::fill_n(y, N * H * W * Cout, 0.f);
  for (int a = 0; a < K; ++a)
    for (int b = 0; b < K; ++b)
      for (int first = 0; first < Cin; first += channels)
        for (int n = 0; n < N; ++n)
          for (int i = 0; i < H; ++i)
            for (int j = 0; j < W; ++j) {
              const int row = i + a - 1, column = j + b - 1;
              if (row < 0 || row >= H || column < 0 || column >= W) continue;  // zeros
              float* const sums = y + ((n * H + i) * W + j) * Cout;
              const float* const pixel = x + ((n * H + row) * W + column) * Cin + first;
              const float* const weights = w + ((a * K + b) * Cin + first) * Cout;
              for (int ci = 0; ci < channels; ++ci)
                for (int co = 0; co < Cout; ++co) sums[co] += pixel[ci] * weights[ci * Cout + co];
            }
}

}  // namespace robmask::ladder
