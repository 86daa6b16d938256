#include "attacks/pgd.h"
#include "engine/tape.h"
#include "training/drawn.h"
#include "training/recipes.h"

namespace robmask {

namespace {

/// Algorithm 1 of TRADES (Zhang et al. 2019), β = 1/λ.
class Trades final : public Recipe {
 public:
  Trades(const Model& model, const TrainSettings& s)
      : model_(model),
        attack_(s.attack),
        beta_(s.beta),
        starts_(stream_of(s, Purpose::start)),
        step_(model.machine(), {}, DType::i64),
        ball_(make_ball(model.machine(), model.dtype(), s.attack.norm, {s.eps.value},
                        {s.attack.alpha(s.eps.value)})),
        mask_(model) {}

  void prepare(Index step, const std::vector<std::int32_t>&) override {
    model_.machine().fill(step_, static_cast<double>(step));
  }

  void step(const Batch& batch, const Totals& totals) override {
    // images, logits: clean in 0 … N, adversarial in N … 2N
    const Index n = batch.size();
    const Tensor images = repeated(batch.images, 2);
    attack(images.images(n, n), batch);

    // CE(f(x), y) + β·KL(f(x) ‖ f(x'))
    Tape tape(model_.parameters());
    const Segment half = mask_.segment(batch, Mode::train);
    const Variable logits = model_.logits(Variable(images), {{half, half}});
    const Variable clean = cross_entropy(logits.images(0, n), batch.labels);
    const Variable divergence = kl(logits.images(0, n), logits.images(n, n));
    tape.backward(add_scaled(mean(clean), mean(divergence), beta_), batch.on_gradient);

    totals.add(totals.loss, clean.value());
    totals.add(totals.loss, divergence.value(), beta_);
    totals.add(totals.loss_clean, clean.value());
    totals.add(totals.loss_adv, divergence.value());
    totals.add_hits(logits.value().images(0, n), batch.labels);
  }

 private:
  /// x' = argmax KL(f(x) ‖ f(x')) with f(x) held fixed.
  void attack(const Tensor& x_adv, const Batch& batch) const {
    // x' ← x + 0.001·N(0, I)
    model_.machine().start_normal(x_adv, batch.images, 0.001, starts_, step_, batch.ids);
    Context pass{{mask_.segment(batch, Mode::eval)}};
    pass.segments[0].kept = std::make_shared<KeptMasks>();
    const Variable clean = model_.logits(Variable(batch.images), pass);
    // x' ← Π_{B(x, ε)}(x' + α·sign(∇_x' KL(f(x) ‖ f(x'))))
    pgd(x_adv, batch.images, ball_, attack_.steps,
        [&](const Variable& x) { return kl(clean, model_.logits(x, pass)); });
  }

  const Model& model_;
  AttackSettings attack_;
  double beta_;
  Stream starts_;
  Tensor step_;  // i64: the random counter
  Ball ball_;
  StrengthMask mask_;
};

}  // namespace

RecipePointer trades_recipe(const Model& model, const TrainSettings& s) {
  return std::make_unique<Trades>(model, s);
}

}  // namespace robmask
