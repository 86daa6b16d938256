#include "training/recipes.h"

namespace robmask {

namespace {

class RobMask final : public BranchRecipe {
 public:
  RobMask(const Model& model, const TrainSettings& s)
      : BranchRecipe(model, training_attack(s), Tuning{model.parameters()}, s.seed), s_(s) {}

 private:
  /// p ← U(0,1), one for the batch or one for each image; or the fixed one.
  std::vector<double> draw(Index step, const std::vector<std::int32_t>& ids) const {
    if (s_.strength.kind == StrengthChoice::Kind::fixed) return {s_.strength.value};
    if (s_.strength.kind == StrengthChoice::Kind::random) return {draw_strength(step)};
    std::vector<double> p;
    for (const std::int32_t id : ids)
      p.push_back(draw_strength(step, static_cast<std::uint32_t>(id)));
    return p;
  }

  std::vector<Branch> branches(Index step, const std::vector<std::int32_t>& ids) const override {
    const std::vector<double> p = draw(step, ids);
    Branch adversarial;
    adversarial.attacked = true;
    adversarial.eps.clear();
    for (const double strength : p)
      adversarial.eps.push_back(strength * s_.attack.eps.value);  // ε_i
    adversarial.mask = p;
    adversarial.pair = model().spec().pairs > 1 ? 1 : 0;
    if (s_.robmask_loss == RobmaskLoss::adv) return {adversarial};
    return {Branch{}, adversarial};
  }

  TrainSettings s_;
};

}  // namespace

RecipePointer robmask_recipe(const Model& model, const TrainSettings& s) {
  return std::make_unique<RobMask>(model, s);
}

}  // namespace robmask
