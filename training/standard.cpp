#include "engine/ops.h"
#include "engine/tape.h"
#include "training/drawn.h"
#include "training/recipes.h"

namespace robmask {

namespace {

/// min_θ ℓ(f_θ(x), y)
class Standard final : public Recipe {
 public:
  Standard(const Model& model, const Tuning& tuning)
      : model_(model), tuning_(tuning), mask_(model) {}

  void prepare(Index, const std::vector<std::int32_t>&) override {}

  void step(const Batch& batch, const Totals& totals) override {
    Tape tape(tuning_.parameters);
    const Variable logits =
        model_.logits(Variable(batch.images), {{mask_.segment(batch, tuning_.mode)}});
    const Variable losses = cross_entropy(logits, batch.labels);
    if (!tuning_.parameters.empty()) tape.backward(mean(losses), batch.on_gradient);
    add_passes(totals, batch, logits.value(), losses.value(), 1);
  }

 private:
  const Model& model_;
  Tuning tuning_;
  StrengthMask mask_;
};

}  // namespace

RecipePointer standard_recipe(const Model& model, const Tuning& tuning) {
  return std::make_unique<Standard>(model, tuning);
}

}  // namespace robmask
