#pragma once
// Exercises of docs/course/5-training.md.

#include <span>
#include <vector>

#include "models/model.h"
#include "training/recipe.h"

namespace robmask::course {

/// A loss, and its gradient with respect to each logit.
struct LossAndGradient {
  double loss = 0;
  std::vector<double> gradient;
};

/// 5.1  The cross entropy of one image: ℓ = log Σ_i e^{z_i} − z_label, and ∂ℓ/∂z_c = p_c − [c = label]
/// with p = softmax(z). Finite for any finite logits, 1000 and −1000 too.
LossAndGradient cross_entropy(std::span<const double> logits, Index label);

/// 5.2  Leaves in the model's parameters the gradient of the *mean* cross entropy over all images of
/// the batch, looking at no more than `most` of them at a time: images 0 … most − 1, then the next
/// ones, at last those that are left. What the parameters' gradients held before is gone. Every pass
/// is in eval mode through mask 0, `model.logits(x, model.eval(n, 0))` with n the number of images of
/// x, so that no image depends on its neighbours. Returns the mean loss.
/// batch.images: {N,H,W,3} in [0,1]   batch.labels: i32 {N,1,1,1}   1 ≤ most
double backward_in_parts(const Model& model, const Batch& batch, Index most);

}  // namespace robmask::course
