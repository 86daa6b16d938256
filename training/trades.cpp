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
        seed_(s.seed),
        step_(model.machine(), {}, DType::i64),
        ball_(make_ball(model.machine(), model.dtype(), s.attack.norm, {s.attack.eps.value},
                        {s.attack.alpha(s.attack.eps.value)})),
        attack_segment_(model.segment(0, Mode::eval, {0})),
        training_segment_(model.segment(0, Mode::train, {0})) {}

  void prepare(Index step, const std::vector<std::int32_t>&) override {
    model_.machine().fill(step_, static_cast<double>(step));
  }

  void step(const Batch& batch, Totals& totals) override {
    // images, logits: clean in 0 … N, adversarial in N … 2N
    Backend& machine = model_.machine();
    const Index n = batch.images.shape().n;
    const Tensor images(machine, batch.images.shape().with_images(2 * n), model_.dtype());
    machine.copy(images.images(0, n), batch.images);
    attack(images.images(n, n), batch);

    Tape tape(model_.parameters());
    const Segment half = of(n, training_segment_);
    const Variable logits = model_.logits(Variable(images), {{half, half}});
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
    const Context pass{{of(batch.images.shape().n, attack_segment_)}};
    const Variable clean = model_.logits(Variable(batch.images), pass);
    pgd(x_adv, batch.images, ball_, attack_.steps,
        [&](const Variable& x) { return kl(clean, model_.logits(x, pass)); });
  }

  static Segment of(Index images, Segment segment) {
    segment.images = images;
    return segment;
  }

  const Model& model_;
  AttackSettings attack_;
  double beta_;
  std::uint64_t seed_;
  Tensor step_;  // i64: the random counter
  Ball ball_;
  Segment attack_segment_, training_segment_;  // of any number of images
};

}  // namespace

RecipePointer trades_recipe(const Model& model, const TrainSettings& s) {
  return std::make_unique<Trades>(model, s);
}

}  // namespace robmask
