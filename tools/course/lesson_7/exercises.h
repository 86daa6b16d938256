#pragma once
// Exercises of docs/course/7-robmask.md.

#include <vector>

namespace robmask::course {

/// A number for each mask of each channel, or for each pixel of each image: rows of one length.
using Table = std::vector<std::vector<double>>;

/// 7.1  γ of each channel at strength p ∈ [0, 1]: γ = Σ_j u_j w_j over k ≥ 1 masks, where mask j of
/// 0 … k − 1 lies at strength j/(k − 1) and u is shared between the two masks beside p, each the more
/// the nearer it is; (1 − p, p) for k = 2. One mask serves every p.
/// masks: w, k rows of C numbers   returns C numbers
std::vector<double> gamma_at(const Table& masks, double p);

/// What one channel's mask makes of some images, and what it learns from them.
struct MaskStep {
  Table z;                     // N rows of pixels
  std::vector<double> dw, db;  // the gradients of w and b, one number for each of the k masks
};

/// 7.2  The mask of one channel, forward and backward, each image n through the mask of its own code:
///   γ_n = Σ_j u_nj w_j,  β_n = Σ_j u_nj b_j,  z = max(γ_n x̂ + β_n, 0)
///   dw_j = Σ_n u_nj Σ_r dz·[z > 0]·x̂,   db_j = Σ_n u_nj Σ_r dz·[z > 0]     (r: pixels of image n)
/// codes: u, N rows of k   x: x̂, the normalized channel, N rows of pixels   w, b: k numbers each
/// dz: the gradient of z, like x
MaskStep mask_step(const Table& codes, const Table& x, const std::vector<double>& w,
                   const std::vector<double>& b, const Table& dz);

}  // namespace robmask::course
