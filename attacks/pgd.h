#pragma once
// Projected gradient ascent (Madry et al. 2018) and its one-step form, FGSM (Goodfellow et al.
// 2015).

#include <functional>
#include <vector>

#include "engine/ops.h"

namespace robmask {

/// The loss of each image, {N,1,1,1}, that an attack drives up: cross entropy to the true label for
/// an untargeted attack, KL to the clean prediction for TRADES.
using Objective = std::function<Variable(const Variable& images)>;

/// Where an attack may go and how far it steps: eps and alpha are {1,1,1,1} or one an image
/// {N,1,1,1}, in units of pixels in [0,1].
struct Ball {
  Norm norm = Norm::linf;
  Tensor eps, alpha;
};

/// The ball of these radii and step sizes: one value each, or one an image.
Ball make_ball(Backend& machine, DType dtype, Norm norm, const std::vector<double>& eps,
               const std::vector<double>& alpha);

/// `steps` times: x_adv ← clip_[0,1]( project_ball( x_adv + α·direction(∇ objective) ) ), in place,
/// from where x_adv is; the last iterate is kept. Each image is attacked on its own: its result
/// does not depend on the batch if the objective's does not.
void pgd(const Tensor& x_adv, const Tensor& x, const Ball& ball, Index steps,
         const Objective& objective);

}  // namespace robmask
