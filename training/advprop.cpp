#include "training/recipes.h"
#include "training/training_attack.h"

namespace robmask {

namespace {

/// Algorithm 1 of AdvProp (Xie et al. 2020), with one or several auxiliary norms, or one of random
/// ε (§5.2). Auxiliary norm a is mask a, at the knot p = a / norms, and statistics pair a. With one
/// of them, this is RobMask with k = 2, split statistics and p fixed at 1.
class AdvProp final : public Recipe {
 public:
  AdvProp(const Model& model, const TrainSettings& s) : model_(model), s_(s), main_(model) {
    const std::size_t norms = s.aux_random ? 1 : s.aux_eps.size();
    for (std::size_t a = 1; a <= norms; ++a)
      auxiliary_.emplace_back(model, s, static_cast<double>(a) / static_cast<double>(norms),
                              static_cast<Index>(a));
  }

  void prepare(Index step, const std::vector<std::int32_t>&) override {
    for (std::size_t a = 0; a < auxiliary_.size(); ++a) {
      const double eps = s_.aux_random ? draw_strength(s_, step) * s_.eps.value  // p·ε_max
                                       : s_.aux_eps[a].value;
      auxiliary_[a].attack.set(step, {eps}, {auxiliary_[a].p});
    }
  }

  void step(const Batch& batch, const Totals& totals) override {
    // x: x^c in images 0 … N, x^a of auxiliary norm a in a·N … (a+1)·N
    const Index n = batch.size(), passes = 1 + static_cast<Index>(auxiliary_.size());
    const Tensor x = repeated(batch.images, passes);
    std::vector<Segment> norms{main_.segment(batch, Mode::train)};
    for (const Auxiliary& a : auxiliary_) {
      // x^a ← argmax L(θ, x^a, y) within ε_a of x^c, through the auxiliary norm
      a.attack(x.images(static_cast<Index>(norms.size()) * n, n), batch);
      norms.push_back(a.norm.segment(batch, Mode::train));
    }

    // L^c(θ, x^c, y) through the main norm, L^a(θ, x^a, y) through each auxiliary one
    // minimized together: L^c + Σ_a L^a, divided by the number of passes
    learn(model_, batch, x, norms, 1, s_.halves, totals);
  }

 private:
  struct Auxiliary {
    Auxiliary(const Model& model, const TrainSettings& s, double strength, Index number)
        : p(strength),
          norm(model, number),
          attack(model, s, static_cast<std::uint32_t>(number), number) {
      norm.set({p});
    }
    double p;
    StrengthMask norm;
    TrainingAttack attack;
  };

  const Model& model_;
  TrainSettings s_;
  StrengthMask main_;
  std::vector<Auxiliary> auxiliary_;
};

}  // namespace

RecipePointer advprop_recipe(const Model& model, const TrainSettings& s) {
  return std::make_unique<AdvProp>(model, s);
}

}  // namespace robmask
