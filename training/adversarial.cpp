#include "engine/tape.h"
#include "training/recipes.h"
#include "training/training_attack.h"

namespace robmask {

namespace {

/// Equation 1: min_θ max_{‖δ‖ ≤ ε} ℓ(f_θ(x + δ), y); for standard training, of ε = 0, without an
/// attack.
class Adversarial final : public Recipe {
 public:
  Adversarial(const Model& model, const Tuning& tuning, double eps,
              std::unique_ptr<TrainingAttack> attack)
      : model_(model), tuning_(tuning), eps_(eps), mask_(model), attack_(std::move(attack)) {}

  void prepare(Index step, const std::vector<std::int32_t>&) override {
    if (attack_) attack_->set(step, {eps_}, {0});
  }

  void step(const Batch& batch, Totals& totals) override {
    const Tensor x = attack_ ? repeated(batch.images, 1) : batch.images;  // δ ← 0
    if (attack_) (*attack_)(x, batch);                                    // the inner maximum

    Tape tape(tuning_.parameters);
    const Variable logits =
        model_.logits(Variable(x), {{mask_.segment(batch.size(), tuning_.mode)}});
    const Variable losses = cross_entropy(logits, batch.labels);
    if (!tuning_.parameters.empty()) tape.backward(mean(losses));
    add_passes(totals, batch, logits.value(), losses.value(), attack_ ? 0 : 1);
  }

 private:
  const Model& model_;
  Tuning tuning_;
  double eps_;
  StrengthMask mask_;
  std::unique_ptr<TrainingAttack> attack_;
};

}  // namespace

RecipePointer standard_recipe(const Model& model, const Tuning& tuning) {
  return std::make_unique<Adversarial>(model, tuning, 0, nullptr);
}

RecipePointer adversarial_recipe(const Model& model, const TrainSettings& s, const Tuning& tuning) {
  return std::make_unique<Adversarial>(model, tuning, s.attack.eps.value,
                                       std::make_unique<TrainingAttack>(model, s));
}

}  // namespace robmask
