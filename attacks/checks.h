#pragma once
// Is an evaluation believable? Signs that an attack was blinded, not withstood (Athalye et al.
// 2018, "Obfuscated gradients give a false sense of security"; Carlini et al. 2019, "On evaluating
// adversarial robustness"; the flags of fra31/auto-attack, checks.py). docs/evaluation.md explains
// each.

#include <optional>
#include <string>
#include <vector>

#include "attacks/classifier.h"

namespace robmask {

/// A reason not to believe an evaluation, and what to do about it, in one line.
struct Doubt {
  std::string check, text;
};

/// A few images to put questions about: images N·H·W·3 in [0,1], labels i32 {N,1,1,1}, and the
/// largest perturbation that is evaluated.
struct Probe {
  Tensor images, labels;
  Norm norm = Norm::linf;
  double eps = 8.0 / 255;
};

/// What a model's answers to a probe make doubtful: "probabilities" (a softmax at the end), and of
/// the images it classifies correctly, "zero-gradients" (gradient attacks are blind), "more-steps"
/// (ten steps of PGD do worse than one), "black-box" (a short run of Square breaks what these left,
/// and longer ones leave) and "large-eps" (more than one stands where any image can become any
/// other).
std::vector<Doubt> doubts_about(const Classifier& classifier, const Probe& probe);

/// "chance": `correct` of `n` images are no more than guessing one of `classes` would give.
std::optional<Doubt> doubt_about_accuracy(Index correct, Index n, Index classes);

/// "black-box": images that stand under every attack with gradients, but not under one without, are
/// more than 0.2 % of all.
std::optional<Doubt> doubt_about_gradients(const std::vector<bool>& robust_to_white_box,
                                           const std::vector<bool>& robust_to_black_box);

/// "ball": an attacked image lies farther than ε from its original, beyond rounding.
std::optional<Doubt> doubt_about_ball(double perturbation, double eps);

/// "large-eps": `robust` images, any at all, stand in a ball around images of this shape in which
/// all can become alike: from half the range of every pixel on.
std::optional<Doubt> doubt_about_standing(Index robust, Norm norm, double eps, const Shape& image);

/// "norm": an L2 ball so small as only those of L∞ are. `eps`: the largest that is evaluated, or
/// trained with.
std::optional<Doubt> doubt_about_radius(Norm norm, double eps);

/// "reach": PGD's steps cannot cross the ball; or an attack takes none.
std::optional<Doubt> doubt_about_reach(Index steps, double step_size, double eps);

}  // namespace robmask
