#include "engine/tape.h"
#include "training/recipes.h"

namespace robmask {

namespace {

class Trades final : public Recipe {
 public:
  Trades(const Model& model, const TrainSettings& s)
      : model_(model),
        attack_(s.attack),
        beta_(s.beta),
        seed_(s.common.seed),
        step_(model.machine(), {}, DType::i64) {}

  void prepare(Index step, const std::vector<std::int32_t>& ids) override {
    const auto n = static_cast<Index>(ids.size());
    model_.machine().fill(step_, static_cast<double>(step));
    ball_ = make_ball(model_.machine(), model_.dtype(), attack_.norm, {attack_.eps.value},
                      {attack_.alpha(attack_.eps.value)});
    attack_pass_ = {{model_.segment(n, Mode::eval, {0})}};
    const Segment train = model_.segment(n, Mode::train, {0});
    training_pass_ = {{train, train}};
  }

  void step(const Batch& batch, Totals& totals) override {
    // images, logits: clean in 0 … N, adversarial in N … 2N
    Backend& machine = model_.machine();
    const Index n = batch.images.shape().n;
    const Tensor images(machine, batch.images.shape().with_images(2 * n), model_.dtype());
    machine.copy(images.images(0, n), batch.images);
    attack(images.images(n, n), batch);

    Tape tape(model_.parameters());
    const Variable logits = model_.logits(Variable(images), training_pass_);
    const Variable clean = cross_entropy(logits.images(0, n), batch.labels);
    const Variable divergence = kl(logits.images(0, n), logits.images(n, n));
    tape.backward(add_scaled(mean(clean), mean(divergence), beta_));

    totals.add(totals.loss, clean.value());
    totals.add(totals.loss, divergence.value(), beta_);
    totals.add(totals.loss_clean, clean.value());
    totals.add(totals.loss_adv, divergence.value());
    const Tensor hits(machine, {n, 1, 1, 1}, model_.dtype());
    machine.correct(hits, logits.value().images(0, n), batch.labels);
    totals.add(totals.hits, hits);
  }

 private:
  /// argmax_δ KL(f(x) ‖ f(x + δ)) with f(x) held fixed.
  void attack(const Tensor& x_adv, const Batch& batch) const {
    model_.machine().start_normal(x_adv, batch.images, 0.001,
                                  {.seed = seed_, .purpose = Purpose::start}, step_, batch.ids);
    const Variable clean = model_.logits(Variable(batch.images), attack_pass_);
    pgd(x_adv, batch.images, ball_, attack_.steps,
        [&](const Variable& x) { return kl(clean, model_.logits(x, attack_pass_)); });
  }

  const Model& model_;
  AttackSettings attack_;
  double beta_;
  std::uint64_t seed_;
  Tensor step_;  // i64: the random counter
  Ball ball_;
  Context attack_pass_, training_pass_;
};

}  // namespace

RecipePointer trades_recipe(const Model& model, const TrainSettings& s) {
  return std::make_unique<Trades>(model, s);
}

}  // namespace robmask
