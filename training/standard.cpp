#include "training/recipes.h"

namespace robmask {

namespace {

class Standard final : public BranchRecipe {
 public:
  using BranchRecipe::BranchRecipe;

 private:
  std::vector<Branch> branches(Index, const std::vector<std::int32_t>&) const override {
    return {Branch{}};
  }
};

}  // namespace

RecipePointer standard_recipe(const Model& model, const TrainSettings& s, const Tuning& tuning) {
  return std::make_unique<Standard>(model, training_attack(s), tuning, s.seed);
}

}  // namespace robmask
