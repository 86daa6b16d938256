// Rung 6: the tile of rung 4, with packed weights.
//
// Rung 5 is fast because the library copies what it multiplies into the order in which it is read,
// and loses time by doing so twice with nine times the input. It is the weights that need it, for
// every tile reads them all. So they alone are copied, once a call, into panels of C columns:
//
//   panel[c / C][(a, b, ci)][c % C] = w[a, b, ci, c]
//
// A panel is 74 KB in one piece. It stays in the second-level cache while all pixels pass. A tile
// reads it in a straight line, a cache line each step, so that all of the first-level cache is used
// and the next lines are fetched before they are asked for. Pixels need no packing: their channels
// are contiguous, and nine taps read the same ones, so no patch is ever written.
//
// Expected: what rung 4 was to reach. Packing is 590 KB read and written, and is timed with the
// rest: an engine that learns gets new weights at each step.

#include <algorithm>

#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void packed(float* y, const float* x, const float* w) {
  constexpr int R = 6, C = 16, all = N * H * W, depth = K * K * Cin;
  static const float zeros[Cin] = {};
  alignas(64) static float panel[Cout / C][depth][C];
  for (int k = 0; k < depth; ++k)
    for (int c = 0; c < Cout; c += C) std::copy_n(w + k * Cout + c, C, panel[c / C][k]);

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
          const float(*weights)[C] = panel[c / C] + (a * K + b) * Cin;
          for (int ci = 0; ci < Cin; ++ci)
#pragma GCC unroll 6
            for (int r = 0; r < R; ++r)
#pragma omp simd
              for (int k = 0; k < C; ++k) sum[r][k] += pixel[r][ci] * weights[ci][k];
        }
      for (int r = 0; r < R; ++r) std::copy_n(sum[r], C, y + (p + r) * Cout + c);
    }
}

}  // namespace robmask::ladder
