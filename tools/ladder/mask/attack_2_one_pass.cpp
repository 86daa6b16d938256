// Rung 2: one pass behind the convolution.
//
//   forward:   z = max(scale·y + shift, 0)      scale = γ·s,  shift = β − scale·μ
//   backward:  dy = scale·dz·[z > 0]
//
// Two numbers a channel are all that a mask is once its statistics are known, and one pass applies
// them. Expected: one map less written and read, forward and backward.

#include <algorithm>

#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

void one_pass(const Attack& a) {
  float* y = a.between[0];
  multiply(y, a.x, a.w);
  float scale[C], shift[C];
  for (Index c = 0; c < C; ++c) {
    scale[c] = a.gamma[c] * a.inverse[c];
    shift[c] = a.beta[c] - scale[c] * a.mean[c];
  }
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c)
      a.z[r * C + c] = std::max(scale[c] * y[r * C + c] + shift[c], 0.f);
}

void one_pass_back(const Attack& a) {
  float *dz = a.between[0], turned[C * C];
  for (Index c = 0; c < C; ++c)
    for (Index k = 0; k < C; ++k) turned[k * C + c] = a.v[c * C + k];
  multiply(dz, a.dy_behind, turned);
  float scale[C];
  for (Index c = 0; c < C; ++c) scale[c] = a.gamma[c] * a.inverse[c];
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c) a.dy[r * C + c] = gated(scale[c] * dz[r * C + c], a.z[r * C + c]);
}

}  // namespace robmask::ladder
