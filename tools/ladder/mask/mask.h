#pragma once
// What all rungs compute (docs/mask.md). A map is a matrix of M rows, pixels, and C columns,
// channels; r is a row, c a column that is left out.
//
//   forward    μ = 1/M Σ_r x_r    σ² = 1/M Σ_r (x_r − μ)²    s = 1/√(σ² + eps)    x̂_r = (x_r − μ)·s
//              z_r = max(γ·x̂_r + β, 0)
//   backward   g_r = dz_r·[z_r > 0]    dβ = Σ_r g_r    dγ = Σ_r g_r·x̂_r
//              dx_r = γ·s·(g_r − dβ/M − x̂_r·dγ/M)
//
// In an attack μ and σ² are constants, so that dx_r = γ·s·g_r, and the mask stands behind a
// convolution, here one of 1×1 windows: a product of matrices.
//
//   forward    y_r = Σ_ci x_r,ci · w_ci                       z_r = max(γ·(y_r − μ)·s + β, 0)
//   backward   dz_r,c = Σ_co dy_r,co · v_c,co  from the convolution behind it; dy_r = γ·s·g_r

#include "engine/cpu/rows.h"

namespace robmask::ladder {

/// A layer of the first stage of a ResNet-18 of full width, and a batch of the paper's: 34 MB a map, more
/// than caches hold.
inline constexpr Index images = 128, side = 32, P = side * side, M = images * P, C = 64;
inline constexpr double eps = 1e-5;

using ROBMASK_ISA::gated;  // dz where z > 0, else 0

/// The maps of a batch in training.  x, z, dz, dx: M·C   gamma, beta: C   mean: μ, inverse: s, left
/// by the forward pass for the backward one   sums: dγ, then dβ   between: M·C, for what a rung keeps
struct Batch {
  const float *x, *gamma, *beta;
  float *z, *mean, *inverse;
  const float* dz;
  float *dx, *sums, *between;
};

/// Those of an attack.  x, z, dy_behind, dx: M·C   w, v: C·C, from row to column   mean, inverse: C
struct Attack {
  const float *x, *w, *gamma, *beta, *mean, *inverse;
  float* z;
  const float *dy_behind, *v;
  float *dy, *between[2];
};

using BatchRung = void(const Batch&);
using AttackRung = void(const Attack&);
BatchRung four_passes, four_passes_back, two_passes, two_passes_back;
AttackRung pass_by_pass, pass_by_pass_back, one_pass, one_pass_back, fused, fused_back;

/// y = x·w.  y, x: M·C   w: C·C
void multiply(float* y, const float* x, const float* w);

/// The same tensors for the rungs that call the engine.
struct EngineBatch {
  Tensor x, gamma, beta, z, mean, inverse, dz, dx, dgamma, dbeta;
};
struct EngineAttack {
  Tensor x, w, gamma, beta, mean, inverse, z, dy_behind, v, dy;
};
void engine(const EngineBatch&);
void engine_back(const EngineBatch&);
void engine(const EngineAttack&);
void engine_back(const EngineAttack&);

}  // namespace robmask::ladder
