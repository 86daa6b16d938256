// Rung 1: the formulas, one after the other, each over the whole map.
//
//   forward:   μ;  σ²;  x̂;  z       four passes, which read the map four times and write it twice
//   backward:  g;  dβ;  dγ;  dx      four again: they read it seven times and write it twice
//
// Why it is slow: a map of 34 MB does not stay in a cache from one pass to the next, so each pass
// waits for memory, and a multiplication or two for every number that is brought from there leave
// the processor idle.

#include <algorithm>
#include <cmath>
#include <vector>

#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

void four_passes(const Batch& b) {
  std::vector<double> mean(C), variance(C);
  for (Index r = 0; r < M; ++r)  // μ
    for (Index c = 0; c < C; ++c) mean[c] += b.x[r * C + c];
  for (Index c = 0; c < C; ++c) b.mean[c] = static_cast<float>(mean[c] / M);

  for (Index r = 0; r < M; ++r)  // σ²
    for (Index c = 0; c < C; ++c) {
      const double d = b.x[r * C + c] - b.mean[c];
      variance[c] += d * d;
    }
  for (Index c = 0; c < C; ++c)
    b.inverse[c] = static_cast<float>(1 / std::sqrt(variance[c] / M + eps));

  float* normalized = b.between;
  for (Index r = 0; r < M; ++r)  // x̂
    for (Index c = 0; c < C; ++c)
      normalized[r * C + c] = (b.x[r * C + c] - b.mean[c]) * b.inverse[c];

  for (Index r = 0; r < M; ++r)  // z
    for (Index c = 0; c < C; ++c)
      b.z[r * C + c] = std::max(b.gamma[c] * normalized[r * C + c] + b.beta[c], 0.f);
}

void four_passes_back(const Batch& b) {
  float* g = b.between;
  for (Index i = 0; i < M * C; ++i) g[i] = b.z[i] > 0 ? b.dz[i] : 0;

  float *dgamma = b.sums, *dbeta = b.sums + C;
  std::vector<double> sum(C);
  for (Index r = 0; r < M; ++r)  // dβ
    for (Index c = 0; c < C; ++c) sum[c] += g[r * C + c];
  std::ranges::copy(sum, dbeta);

  std::ranges::fill(sum, 0);
  for (Index r = 0; r < M; ++r)  // dγ
    for (Index c = 0; c < C; ++c)
      sum[c] += g[r * C + c] * (b.x[r * C + c] - b.mean[c]) * b.inverse[c];
  std::ranges::copy(sum, dgamma);

  for (Index r = 0; r < M; ++r)  // dx
    for (Index c = 0; c < C; ++c) {
      const float normalized = (b.x[r * C + c] - b.mean[c]) * b.inverse[c];
      b.dx[r * C + c] =
          b.gamma[c] * b.inverse[c] * (g[r * C + c] - dbeta[c] / M - normalized * dgamma[c] / M);
    }
}

}  // namespace robmask::ladder
