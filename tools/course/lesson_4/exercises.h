#pragma once
// Exercises of docs/course/4-mask.md.

#include <vector>

namespace robmask::course {

using List = std::vector<double>;

/// What a mask of C channels is made of.
struct Masks {
  List code;                          // u, k numbers
  std::vector<List> weights, biases;  // w_j and w'_j: k lists of C numbers
  List mean, variance;                // μ and σ², given, C numbers each
  double eps = 1e-5;
};

/// A mask whose statistics are known, z = max(scale·x + shift, 0): C numbers each.
struct LensNumbers {
  List scale, shift;
};

/// 4.1  The lens of blended masks, for each channel:
///   γ = Σ_j u_j w_j    β = Σ_j u_j w'_j    s = 1/√(σ² + eps)    scale = γ·s    shift = β − γ·s·μ
LensNumbers lens_of(const Masks& masks);

/// The gradients of a mask on one channel.
struct MaskGradient {
  List x;
  double gamma = 0, beta = 0;
};

/// 4.2  The gradients of z_r = max(γ·x̂_r + β, 0), x̂_r = (x_r − μ)/√(σ² + eps), where μ and σ² are the
/// mean and the biased variance of `x` itself, from the gradient `dz` of z:
///   g_r = dz_r·[z_r > 0]    dγ = Σ g·x̂    dβ = Σ g
///   dx_r = s·( h_r − mean(h) − x̂_r·mean(h·x̂) )    h = γ·g    s = 1/√(σ² + eps)
/// x, dz: M numbers each, M ≥ 2
MaskGradient mask_gradient(const List& x, const List& dz, double gamma, double beta,
                           double eps = 1e-5);

}  // namespace robmask::course
