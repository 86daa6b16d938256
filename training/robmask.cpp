#include "training/recipes.h"
#include "training/training_attack.h"

namespace robmask {

namespace {

/// One iteration of Algorithm 1, in its letters and order. The loss there is that of adversarial
/// images; the mixed loss is the mean of it and that of clean ones, which are images of ε = 0 (§4).
class RobMask final : public Recipe {
 public:
  RobMask(const Model& model, const TrainSettings& s)
      : model_(model),
        s_(s),
        clean_(s.robmask_loss == RobmaskLoss::mixed ? 1 : 0),
        u_0_(model),
        u_i_(model, adversarial_pair(model)),
        attack_(model, s, static_cast<std::uint32_t>(clean_), adversarial_pair(model)) {}

  void prepare(Index step, const std::vector<std::int32_t>& ids) override {
    const std::vector<double> p = sample(step, ids);  // Sample a random number p from 0 to 1
    std::vector<double> eps = p;
    for (double& e : eps) e *= s_.eps.value;  // ε_i ← p·ε_max
    u_i_.set(p);                              // u_i ← Encode(ε_i)
    attack_.set(step, eps, p);
  }

  void step(const Batch& batch, const Totals& totals) override {
    // x: clean images, if any, in images 0 … N; adversarial ones in the N after them
    const Index n = batch.size();
    const Tensor x = repeated(batch.images, clean_ + 1);  // δ_i ← 0
    // for j = 1, …, m:
    //   δ_i ← δ_i + α·sign(∇_δ ℓ(f_θ(x_i + δ_i), y_i))
    //   δ_i ← max(min(δ_i, ε_i), −ε_i)
    attack_(x.images(clean_ * n, n), batch);

    // γ_i ← Σ_j u_ij w_j, β_i ← Σ_j u_ij w'_j: in each mask of the network, from the segment's code
    std::vector<Segment> masks;
    if (clean_ > 0) masks.push_back(u_0_.segment(batch, Mode::train));
    masks.push_back(u_i_.segment(batch, Mode::train));

    // Both forward passes: ℓ(f_θ(x_i, γ_0, β_0), y_i) and ℓ(f_θ(x_i + δ_i, γ_i, β_i), y_i)
    // One backward pass: ∇_W ℓ, ∇_W' ℓ, ∇_θ ℓ. The optimizer (training/sgd.h) comes next:
    //   W ← W − η·∇_W ℓ,  W' ← W' − η·∇_W' ℓ,  θ ← θ − η·∇_θ ℓ
    learn(model_, batch, x, masks, clean_, s_.halves, totals);
  }

 private:
  /// One p for the batch, or one for each image; or the fixed one.
  std::vector<double> sample(Index step, const std::vector<std::int32_t>& ids) const {
    if (s_.strength.kind == StrengthChoice::Kind::fixed) return {s_.strength.value};
    if (s_.strength.kind == StrengthChoice::Kind::random) return {draw_strength(s_, step)};
    std::vector<double> p(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
      p[i] = draw_strength(s_, step, static_cast<std::uint32_t>(ids[i]));
    return p;
  }

  /// With split statistics, adversarial images have a pair of their own.
  static Index adversarial_pair(const Model& model) { return model.spec().pairs > 1 ? 1 : 0; }

  const Model& model_;
  TrainSettings s_;
  Index clean_;  // passes over clean images: 1 or 0
  StrengthMask u_0_, u_i_;
  TrainingAttack attack_;
};

}  // namespace

RecipePointer robmask_recipe(const Model& model, const TrainSettings& s) {
  return std::make_unique<RobMask>(model, s);
}

}  // namespace robmask
