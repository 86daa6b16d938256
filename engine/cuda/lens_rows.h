#pragma once
// The lens of a channel, from its statistics and a blend of masks (docs/mask.md).

#include <cmath>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/rows.h"

namespace robmask::cuda {

/// Σ_j code_j·table_j of a channel; the table's only row if there is no code.
template <class T>
GPU_DEVICE T blended(const Rows<T>& code, const Rows<T>& table, Index masks, Index r, Index c) {
  if (!code.exists()) return table(0)[c];
  T sum = 0;
  for (Index j = 0; j < masks; ++j) sum += code(r)[j] * table(j)[c];
  return sum;
}

template <class T>
struct LensRows {
  Rows<T> mean, inverse, scale, shift;
  Rows<T> code, weight, bias;
  Index masks, given, rows;  // mean and inverse have `given` rows, scale and shift all
  double eps;

  LensRows(const Lens& lens, const MaskSource& from)
      : mean(lens.mean),
        inverse(lens.inverse),
        scale(lens.scale),
        shift(lens.shift),
        code(from.code),
        weight(from.weight),
        bias(from.bias),
        masks(from.code.shape().c),
        given(lens.mean.shape().n),
        rows(lens.scale.shape().n),
        eps(from.eps) {}

  /// Channel c of row r, with mean μ and variance σ²: s = 1/√(σ² + eps), γ·s, β − μ·γ·s.
  GPU_DEVICE void make(Index r, Index c, T mu, T variance) const {
    const double s = 1 / std::sqrt(variance + eps);
    const double factor = blended(code, weight, masks, r, c) * s;
    scale(r)[c] = static_cast<T>(factor);
    shift(r)[c] = static_cast<T>(blended(code, bias, masks, r, c) - mu * factor);
    if (r >= given) return;
    mean(r)[c] = mu;
    inverse(r)[c] = static_cast<T>(s);
  }
};

/// The lens of a batch's own statistics: statistics.cu.
void make_batch_lens(CudaBackend& machine, const Lens& lens, const MaskSource& from);

}  // namespace robmask::cuda
