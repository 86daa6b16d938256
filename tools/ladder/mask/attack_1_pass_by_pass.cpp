// Rung 1: the convolution, then the mask, pass by pass.
//
//   forward:   y = x·w;  x̂ = (y − μ)·s;  z = max(γ·x̂ + β, 0)
//   backward:  dz = dy_behind·vᵀ;  g = dz·[z > 0];  dy = γ·s·g
//
// Each pass writes a map of 34 MB and the next one reads it.

#include <algorithm>

#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

void pass_by_pass(const Attack& a) {
  float *y = a.between[0], *normalized = a.between[1];
  multiply(y, a.x, a.w);
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c) normalized[r * C + c] = (y[r * C + c] - a.mean[c]) * a.inverse[c];
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c)
      a.z[r * C + c] = std::max(a.gamma[c] * normalized[r * C + c] + a.beta[c], 0.f);
}

void pass_by_pass_back(const Attack& a) {
  float *dz = a.between[0], *g = a.between[1], turned[C * C];
  for (Index c = 0; c < C; ++c)
    for (Index k = 0; k < C; ++k) turned[k * C + c] = a.v[c * C + k];
  multiply(dz, a.dy_behind, turned);
  for (Index i = 0; i < M * C; ++i) g[i] = a.z[i] > 0 ? dz[i] : 0;
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c) a.dy[r * C + c] = a.gamma[c] * a.inverse[c] * g[r * C + c];
}

}  // namespace robmask::ladder
