#include "training/recipes.h"

namespace robmask {

namespace {

class Adversarial final : public BranchRecipe {
 public:
  Adversarial(const Model& model, const TrainingAttack& attack, const Tuning& tuning,
              std::uint64_t seed, double eps)
      : BranchRecipe(model, attack, tuning, seed), eps_(eps) {}

 private:
  std::vector<Branch> branches(Index, const std::vector<std::int32_t>&) const override {
    Branch attacked;
    attacked.attacked = true;
    attacked.eps = {eps_};
    return {attacked};
  }

  double eps_;
};

}  // namespace

RecipePointer adversarial_recipe(const Model& model, const TrainSettings& s, const Tuning& tuning) {
  return std::make_unique<Adversarial>(model, training_attack(s), tuning, s.seed,
                                       s.attack.eps.value);
}

}  // namespace robmask
