// Rung 1: the convolution, then the mask, pass by pass.
//
//   forward:   y = x·w;  x̂ = (y − μ)·s;  z = max(γ·x̂ + β, 0)
//   backward:  dz = dy_behind·vᵀ;  g = dz·[z > 0];  dy = γ·s·g
//
// Each pass writes a map of 16 MB and the next one reads it.

#include <algorithm>
#include <vector>

#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

void pass_by_pass(const Attack& a) {
  static std::vector<float> y(M * C), normalized(M * C);  // kept, as by the pool of the engine
  multiply(y.data(), a.x, a.w);
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c) normalized[r * C + c] = (y[r * C + c] - a.mean[c]) * a.inverse[c];
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c)
      a.z[r * C + c] = std::max(a.gamma[c] * normalized[r * C + c] + a.beta[c], 0.f);
}

void pass_by_pass_back(const Attack& a) {
  static std::vector<float> turned(C * C), dz(M * C), g(M * C);
  for (Index c = 0; c < C; ++c)
    for (Index k = 0; k < C; ++k) turned[k * C + c] = a.v[c * C + k];
  multiply(dz.data(), a.dy_behind, turned.data());
  for (Index i = 0; i < M * C; ++i) g[i] = a.z[i] > 0 ? dz[i] : 0;
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c) a.dy[r * C + c] = a.gamma[c] * a.inverse[c] * g[r * C + c];
}

}  // namespace robmask::ladder
