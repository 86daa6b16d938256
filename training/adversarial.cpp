#include "engine/tape.h"
#include "training/recipes.h"
#include "training/training_attack.h"

namespace robmask {

namespace {

/// Equation 1: min_θ max_{‖δ‖ ≤ ε} ℓ(f_θ(x + δ), y)
class Adversarial final : public Recipe {
 public:
  Adversarial(const Model& model, const TrainSettings& s, const Tuning& tuning)
      : model_(model), tuning_(tuning), eps_(s.eps.value), mask_(model), attack_(model, s) {}

  void prepare(Index step, const std::vector<std::int32_t>&) override {
    attack_.set(step, {eps_}, {0});
  }

  void step(const Batch& batch, const Totals& totals) override {
    const Tensor x_adv = repeated(batch.images, 1);  // δ ← 0
    attack_(x_adv, batch);                           // the inner maximum

    Tape tape(tuning_.parameters);
    const Variable logits = model_.logits(Variable(x_adv), {{mask_.segment(batch, tuning_.mode)}});
    const Variable losses = cross_entropy(logits, batch.labels);
    if (!tuning_.parameters.empty()) tape.backward(mean(losses), batch.on_gradient);
    add_passes(totals, batch, logits.value(), losses.value(), 0);
  }

 private:
  const Model& model_;
  Tuning tuning_;
  double eps_;
  StrengthMask mask_;
  TrainingAttack attack_;
};

}  // namespace

RecipePointer adversarial_recipe(const Model& model, const TrainSettings& s, const Tuning& tuning) {
  return std::make_unique<Adversarial>(model, s, tuning);
}

}  // namespace robmask
