#include "training/recipes.h"

namespace robmask {

namespace {

/// Branch 0 is clean; branch a goes through auxiliary norm a (mask a, statistics pair a), with its own
/// ε and its own start noise. With one auxiliary norm this is RobMask with k = 2, split statistics and
/// p fixed at 1.
class AdvProp final : public BranchRecipe {
 public:
  AdvProp(const Model& model, const TrainSettings& s)
      : BranchRecipe(model, training_attack(s), Tuning{model.parameters()}, s.seed),
        random_(s.aux_random),
        eps_max_(s.attack.eps.value) {
    for (const Strength& e : s.aux_eps) eps_.push_back(e.value);
  }

 private:
  std::vector<Branch> branches(Index step, const std::vector<std::int32_t>&) const override {
    std::vector<double> eps = eps_;
    if (random_) eps = {draw_strength(step) * eps_max_};
    std::vector<Branch> list{Branch{}};
    const auto norms = static_cast<double>(eps.size());
    for (std::size_t a = 1; a <= eps.size(); ++a) {
      Branch b;
      b.attacked = true;
      b.eps = {eps[a - 1]};
      b.mask = {static_cast<double>(a) / norms};
      b.pair = static_cast<Index>(a);
      list.push_back(b);
    }
    return list;
  }

  bool random_;
  double eps_max_;
  std::vector<double> eps_;
};

}  // namespace

RecipePointer advprop_recipe(const Model& model, const TrainSettings& s) {
  return std::make_unique<AdvProp>(model, s);
}

}  // namespace robmask
