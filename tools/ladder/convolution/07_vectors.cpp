// Rung 7: vectors by hand.
//
// Rung 6 is slow wherever the compiler does not see 12 vectors of sums in its array; whether it
// does hangs on two pragmas, and on its version. engine/cpu/vector.h names vectors: a
// `Vector<float>` is a register of 8 floats with AVX2, 16 with AVX-512 and 4 with plain x86-64, and
// `a * b` multiplies all of them. The program then says what rung 6 hoped for:
//
//   sum[r][0] += x[pixel r, ci] · w[ci][0 … 7]      sum[r][1] += x[pixel r, ci] · w[ci][8 … 15]
//
// Expected: no more than rung 6 where the compiler had found its vectors, and all of it where not.
// This is the engine's inner loop (Tile in engine/cpu/microkernel.h). A convolution that takes all
// terms has no more to gain: two multiply-adds begin in nearly every cycle.

#include <algorithm>

#include "engine/cpu/vector.h"
#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void vectors(float* y, const float* x, const float* w) {
  using ROBMASK_ISA::load, ROBMASK_ISA::store;
  using Floats = ROBMASK_ISA::Vector<float>;
  constexpr int n = ROBMASK_ISA::lanes<float>, R = 6, C = 2 * n;
  constexpr int all = N * H * W, depth = K * K * Cin;
  static const float zeros[Cin] = {};
  alignas(64) static float panel[Cout / C][depth][C];
  for (int k = 0; k < depth; ++k)
    for (int c = 0; c < Cout; c += C) std::copy_n(w + k * Cout + c, C, panel[c / C][k]);

  for (int c = 0; c < Cout; c += C)
    for (int next = 0; next < all; next += R) {
      const int p = std::min(next, all - R);
      Floats sum[R][2] = {};
      for (int a = 0; a < K; ++a)
        for (int b = 0; b < K; ++b) {
          const float* pixel[R];
#pragma GCC unroll 6
          for (int r = 0; r < R; ++r) {
            const int i = (p + r) / W % H + a - 1, j = (p + r) % W + b - 1;
            const bool inside = i >= 0 && i < H && j >= 0 && j < W;
            pixel[r] = inside ? x + (p + r + (a - 1) * W + b - 1) * Cin : zeros;
          }
          const float(*weights)[C] = panel[c / C] + (a * K + b) * Cin;
          for (int ci = 0; ci < Cin; ++ci) {
            const Floats left = load(weights[ci]), right = load(weights[ci] + n);
#pragma GCC unroll 6
            for (int r = 0; r < R; ++r) {
              sum[r][0] += pixel[r][ci] * left;
              sum[r][1] += pixel[r][ci] * right;
            }
          }
        }
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) {
        store(y + (p + r) * Cout + c, sum[r][0]);
        store(y + (p + r) * Cout + c + n, sum[r][1]);
      }
    }
}

}  // namespace robmask::ladder
