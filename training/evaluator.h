#pragma once
// Clean and robust accuracy of a model at one mask. The mask, statistics and precision that predict are
// the ones attacked; attacks see every image on its own, so no number depends on the batch size.

#include <functional>
#include <vector>

#include "attacks/driver.h"
#include "models/model.h"
#include "training/attack_plan.h"
#include "training/images.h"

namespace robmask {

/// What an attack did to one image that was classified correctly.
struct Verdict {
  std::int32_t image = 0;
  bool robust = false;                       // no stage found a misclassified image in the ball
  AttackName broken_by = AttackName::clean;  // the stage that broke it; clean if robust
  Index restart = -1;       // the restart that broke it; of a targeted attack, the target's index
  Index iteration = -1;     // of that run, where first misclassified; 0: its start; −1: unknown
  double perturbation = 0;  // ‖x_adv − x‖ of the image handed out, in the plan's norm
};

/// Where an interrupted evaluation goes on: its first stage to run, and the survivors of those before.
struct Standing {
  Index stage = 0;
  std::vector<std::int32_t> survivors;
};

/// The class of each row of logits {n,1,1,classes}, those of the images `ids` of a split: the first of the
/// largest. InputError that names the first image whose logits are not all finite: what is not a number
/// is no prediction.
std::vector<Index> classes_of(const Tensor& logits, const std::vector<std::int32_t>& ids,
                              const Split& split);

class Evaluator {
 public:
  /// `images` must outlive the evaluator. `seed` keys the noise of random starts by (seed, attack,
  /// restart, image), the same for every mask and ε.
  Evaluator(const Model& model, const Images& images, Index batch, std::uint64_t seed);

  /// Called after each batch with the images done so far; may throw to stop the run.
  using OnBatch = std::function<void(Index done, const PerImage<Verdict>& batch)>;

  /// Is each image classified correctly at mask strength p?
  std::vector<bool> clean(double p, const OnBatch& on_batch = {}) const;

  /// Called after each stage of a plan with its index in stages(plan) and the images that stand.
  using OnStage = std::function<void(Index stage, const std::vector<std::int32_t>& survivors)>;

  /// Whom an attack asks and tells.
  struct Hooks {
    OnBatch on_batch = {};
    /// Gets what the attack hands out, {1,H,W,3} each, before on_batch hears of it: the image that is
    /// misclassified; of those that stand, the kept iterate of PGD and C&W, else the image as it was.
    PerImage<Tensor>* adversarial = nullptr;
    OnStage on_stage = {};
    Accept accept = {};   // a second opinion on what a run found; needed where the strongest is
                          // handed out. Empty: it breaks its image
    OnLook on_look = {};  // of the stage that runs; may throw to stop it
  };
  /// Attacks the listed images through the mask of strength p. on_batch gets an image's verdict once,
  /// when it is final: broken ones during their stage, those that stand during the last one. With
  /// `from`, stages before from->stage are over and only its survivors among `targets` stand; the
  /// others get no verdict. Throws InputError where the model has too few classes for a stage's loss.
  std::vector<Verdict> attack(double p, const AttackPlan& plan,
                              const std::vector<std::int32_t>& targets, const Hooks& hooks,
                              const Standing* from = nullptr) const;
  std::vector<Verdict> attack(double p, const AttackPlan& plan,
                              const std::vector<std::int32_t>& targets) const {
    return attack(p, plan, targets, {});
  }

  /// The class the model gives each image at mask strength p, as classes_of.
  std::vector<Index> classes(double p, const OnBatch& on_batch = {}) const;

  /// Logits {n,1,1,classes} of a range of images in eval mode.
  Tensor logits(double p, const std::vector<std::int32_t>& images) const;

 private:
  struct Stage;
  void run(double p, Index batch, const Stage& stage) const;
  std::vector<Victim> victims(double p, const AttackPlan& plan,
                              const std::vector<std::int32_t>& images) const;
  std::vector<bool> correct(const Tensor& x, const Tensor& labels, const Context& context) const;

  const Model& model_;
  const Images& images_;
  Index batch_;
  std::uint64_t seed_;
};

}  // namespace robmask
