#pragma once
// Exercises of docs/course/6-attacks.md.

#include <functional>
#include <vector>

#include "attacks/classifier.h"

namespace robmask::course {

/// 6.1  One step of PGD in L2 on one image, in place; all vectors are of one length.
///   δ ← x_adv − x + α·g/‖g‖₂, where a gradient of 0 gives no step
///   δ ← δ·min(1, ε/‖δ‖₂)
///   x_adv ← clip_[0,1](x + δ)
/// x: an image in [0,1]   gradient: g, of any length, 1e-30 too   alpha: α   eps: ε
void pgd_step_l2(std::vector<double>& x_adv, const std::vector<double>& x,
                 const std::vector<double>& gradient, double alpha, double eps);

/// What an attack makes of some images {n,H,W,C} in [0,1] and their n labels: as many images.
using SomeAttack = std::function<Tensor(const Tensor& x, const std::vector<std::int32_t>& labels)>;

/// 6.2  Which images stand: the network is right on them as they are, and on what each attack makes
/// of them, unless that lies outside the ball: farther than eps in L∞, beyond a rounding of 1e-6, or
/// not in [0,1] (then this attack has not broken the image). The attacks come one after the other,
/// each gets only the images that stand so far, in their order, and none is asked once none stands.
/// An attack leaves the images that it is given as they are.
/// images: {N,H,W,C} f32 in [0,1]   labels: N   returns N
std::vector<bool> standing(const Classifier& network, const Tensor& images,
                           const std::vector<std::int32_t>& labels,
                           const std::vector<SomeAttack>& attacks, double eps);

}  // namespace robmask::course
