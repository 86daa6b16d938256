#pragma once
// Clean and robust accuracy of a model at one mask. The mask, statistics and precision that predict are
// the ones attacked; attacks see every image on its own, so no number depends on the batch size.

#include <functional>
#include <vector>

#include "attacks/pgd.h"
#include "models/model.h"
#include "training/images.h"
#include "training/settings.h"

namespace robmask {

/// One attack at one strength.
struct AttackPlan {
  AttackName attack = AttackName::pgd;
  Norm norm = Norm::linf;
  double eps = 0;
  double step_size = 0;
  Index steps = 100;
  bool random_start = true;
  Index restarts = 1;
};

/// PGD as the settings describe it, at this ε.
AttackPlan pgd_plan(const AttackSettings& settings, double eps);

/// What an attack did to one image that was classified correctly.
struct Verdict {
  std::int32_t image = 0;
  bool robust = false;      // still correct after every restart's last iterate
  Index restart = -1;       // the restart that broke it
  double perturbation = 0;  // the largest ‖x_adv − x‖ of its restarts, in the plan's norm
};

class Evaluator {
 public:
  /// `images` must outlive the evaluator. `seed` keys the noise of random starts by (seed, attack,
  /// restart, image), the same for every mask and ε.
  Evaluator(const Model& model, const Images& images, Index batch, std::uint64_t seed);

  /// Called after each batch with the images done so far; may throw to stop the run.
  using OnBatch = std::function<void(Index done, const std::vector<Verdict>& batch)>;

  /// Is each image classified correctly at mask strength p?
  std::vector<bool> clean(double p, const OnBatch& on_batch = {}) const;

  /// Attacks the listed images through the mask of strength p. If `adversarial` is given, it is called
  /// with each batch's image numbers and last iterates {n,H,W,3}.
  using OnAdversarial =
      std::function<void(const std::vector<std::int32_t>& images, const Tensor& x_adv)>;
  std::vector<Verdict> attack(double p, const AttackPlan& plan,
                              const std::vector<std::int32_t>& targets,
                              const OnBatch& on_batch = {},
                              const OnAdversarial& adversarial = {}) const;

  /// Logits {n,1,1,classes} of a range of images in eval mode.
  Tensor logits(double p, const std::vector<std::int32_t>& images) const;

 private:
  std::vector<Verdict> attack_batch(double p, const AttackPlan& plan,
                                    const std::vector<std::int32_t>& targets,
                                    const OnAdversarial& adversarial) const;
  std::vector<bool> correct(const Tensor& x, const Tensor& labels, const Context& context) const;

  const Model& model_;
  const Images& images_;
  Index batch_;
  std::uint64_t seed_;
};

}  // namespace robmask
