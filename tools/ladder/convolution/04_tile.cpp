// Rung 4: a tile of sums in registers.
//
// In rung 3 the sums went from the cache to a register and back for every other term. Here R pixels
// × C channels of sums stay in registers from the first term to the last. For every (a, b, ci):
//
//   sum[r, c] += x[pixel r, ci] · w[a, b, ci, c]      an outer product of R and of C numbers
//
// With 6 × 16 the sums are 12 vectors of 8; two more registers hold the weights, one the pixel's
// number in all lanes: 15 of the 16 that AVX2 has. A step loads 2 vectors and R single numbers, 8
// loads for 12 multiply-adds, where rung 3 had three for two. And 12 sums are enough to begin two
// multiply-adds a cycle, each of which takes four.
//
// A pixel beside the map is a row of zeros. These terms were left out until now: 8 % of the work.
// When the number of pixels is no multiple of R, the last tile begins earlier and does some again.
//
// Expected: loads take 4 cycles of a step, multiply-adds 6, so up to the peak.
//
// The pragmas matter: the loop over r is unrolled, so that every sum has a name of its own, and c
// is the loop that becomes vectors. Left alone, g++ 12 makes vectors of ci and shuffles them.

#include <algorithm>

#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void tile(float* y, const float* x, const float* w) {
  constexpr int R = 6, C = 16, all = N * H * W;
  static const float zeros[Cin] = {};
  for (int c = 0; c < Cout; c += C)
    for (int next = 0; next < all; next += R) {
      const int p = std::min(next, all - R);
      float sum[R][C] = {};
      for (int a = 0; a < K; ++a)
        for (int b = 0; b < K; ++b) {
          const float* pixel[R];
          for (int r = 0; r < R; ++r) {
            const int i = (p + r) / W % H + a - 1, j = (p + r) % W + b - 1;
            const bool inside = i >= 0 && i < H && j >= 0 && j < W;
            pixel[r] = inside ? x + (p + r + (a - 1) * W + b - 1) * Cin : zeros;
          }
          const float* weights = w + (a * K + b) * Cin * Cout + c;
          for (int ci = 0; ci < Cin; ++ci, weights += Cout)
#pragma GCC unroll 6
            for (int r = 0; r < R; ++r)
#pragma omp simd
              for (int k = 0; k < C; ++k) sum[r][k] += pixel[r][ci] * weights[k];
        }
      for (int r = 0; r < R; ++r) std::copy_n(sum[r], C, y + (p + r) * Cout + c);
    }
}

}  // namespace robmask::ladder
