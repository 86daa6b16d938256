// Rung 2: two passes, between which only numbers of a channel are kept.
//
//   forward:   the moments of an image while it is in the cache, then z = max(a·x + b, 0) with
//              a = γ·s and b = β − a·μ: the map is read twice and written once
//   backward:  both sums at once, with g formed on the way, then
//              dx = slope·g − base − tilt·(x − μ): six maps read, one written
//
// Mean and squares of all images follow from those of each (Chan, Golub and LeVeque 1983):
//
//   Σ_r (x_r − μ)² = Σ_n [ Σ_{r in n} (x_r − m_n)² + P·(m_n − μ)² ]
//
// Expected: half of the traffic of rung 1 forward, two thirds backward. Sums run in floats over one
// image, eight or sixteen channels in a vector, and in doubles only from image to image.

#include <algorithm>
#include <cmath>
#include <vector>

#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

void two_passes(const Batch& b) {
  std::vector<double> means(images * C), mean(C), squares(C);
  for (Index n = 0; n < images; ++n) {
    const float* x = b.x + n * P * C;
    float sum[C] = {}, m[C], square[C] = {};
    for (Index p = 0; p < P; ++p)
      for (Index c = 0; c < C; ++c) sum[c] += x[p * C + c];
    for (Index c = 0; c < C; ++c) m[c] = sum[c] / P;
    for (Index p = 0; p < P; ++p)
      for (Index c = 0; c < C; ++c) {
        const float d = x[p * C + c] - m[c];
        square[c] += d * d;
      }
    for (Index c = 0; c < C; ++c) {
      means[n * C + c] = m[c];
      mean[c] += m[c] / double{images};
      squares[c] += square[c];
    }
  }
  for (Index n = 0; n < images; ++n)
    for (Index c = 0; c < C; ++c) squares[c] += P * std::pow(means[n * C + c] - mean[c], 2);

  float scale[C], shift[C];
  for (Index c = 0; c < C; ++c) {
    b.mean[c] = static_cast<float>(mean[c]);
    b.inverse[c] = static_cast<float>(1 / std::sqrt(squares[c] / M + eps));
    scale[c] = b.gamma[c] * b.inverse[c];
    shift[c] = b.beta[c] - scale[c] * b.mean[c];
  }
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c)
      b.z[r * C + c] = std::max(scale[c] * b.x[r * C + c] + shift[c], 0.f);
}

void two_passes_back(const Batch& b) {
  double dgamma[C] = {}, dbeta[C] = {};
  for (Index n = 0; n < images; ++n) {
    float ones[C] = {}, lefts[C] = {};  // Σ g and Σ g·(x − μ) of an image
    for (Index r = n * P; r < (n + 1) * P; ++r)
      for (Index c = 0; c < C; ++c) {
        const float g = gated(b.dz[r * C + c], b.z[r * C + c]);
        ones[c] += g;
        lefts[c] += g * (b.x[r * C + c] - b.mean[c]);
      }
    for (Index c = 0; c < C; ++c) {
      dbeta[c] += ones[c];
      dgamma[c] += lefts[c] * b.inverse[c];
    }
  }
  float slope[C], base[C], tilt[C];
  for (Index c = 0; c < C; ++c) {
    slope[c] = b.gamma[c] * b.inverse[c];
    base[c] = static_cast<float>(slope[c] * dbeta[c] / M);
    tilt[c] = static_cast<float>(slope[c] * b.inverse[c] * dgamma[c] / M);
    b.sums[c] = static_cast<float>(dgamma[c]);
    b.sums[C + c] = static_cast<float>(dbeta[c]);
  }
  for (Index r = 0; r < M; ++r)
    for (Index c = 0; c < C; ++c) {
      const float g = gated(b.dz[r * C + c], b.z[r * C + c]);
      b.dx[r * C + c] = slope[c] * g - base[c] - tilt[c] * (b.x[r * C + c] - b.mean[c]);
    }
}

}  // namespace robmask::ladder
