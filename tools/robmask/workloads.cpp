#include "tools/robmask/workloads.h"

#include <chrono>

#include "attacks/pgd.h"
#include "engine/backend.h"
#include "engine/tape.h"
#include "training/sgd.h"

namespace robmask {

namespace {

/// Attack, forward, backward, update.
class TimedTraining final : public Timed {
 public:
  TimedTraining(const BenchSettings& s, Method method, const SafeTensors& inputs, Index batch)
      : settings_(settings(s, method)),
        model_(bench_model(s, inputs, mask_counts(settings_).masks)),
        batch_(bench_batch(*model_, inputs, batch)),
        ids_(batch_.ids.to_host<std::int32_t>()),
        recipe_(make_recipe(settings_, *model_)),
        sgd_(model_->parameters(), settings_.momentum, settings_.weight_decay),
        totals_(model_->machine()),
        iteration_(
            model_->machine(), [this] { iterate(); }, s.replay) {
    sgd_.set_rate(1e-3);
  }

 private:
  void start() override {
    recipe_->prepare(step_++, ids_);
    iteration_();
  }
  void wait() override { totals_.loss.item(); }
  static TrainSettings settings(const BenchSettings& s, Method method) {
    TrainSettings train;
    train.seed = s.common.seed;
    train.method = method;
    train.halves = s.halves;
    return train;
  }
  void iterate() {
    recipe_->step(batch_, totals_);
    sgd_.step();
  }

  TrainSettings settings_;
  std::unique_ptr<Model> model_;
  Batch batch_;
  std::vector<std::int32_t> ids_;
  std::unique_ptr<Recipe> recipe_;
  Sgd sgd_;
  Totals totals_;
  Index step_ = 0;
  Replay iteration_;
};

/// Running statistics, forward, the gradient of the images, a step along its sign.
class TimedPgd final : public Timed {
 public:
  TimedPgd(const BenchSettings& s, const SafeTensors& inputs, Index batch)
      : model_(bench_model(s, inputs, 1)),
        batch_(bench_batch(*model_, inputs, batch)),
        context_(model_->eval(batch, 0)),
        ball_(make_ball(model_->machine(), model_->dtype(), Norm::linf, {8.0 / 255}, {1.6 / 255})),
        x_adv_(model_->machine(), batch_.images.shape(), model_->dtype()),
        iteration_(
            model_->machine(), [this] { iterate(); }, s.replay) {
    context_.segments[0].kept = std::make_shared<KeptMasks>();  // a step that is not the first
    model_->machine().copy(x_adv_, batch_.images);
  }

 private:
  void start() override { iteration_(); }
  void wait() override { x_adv_.item(); }
  void iterate() {
    pgd(x_adv_, batch_.images, ball_, 1, [&](const Variable& images) {
      return cross_entropy(model_->logits(images, context_), batch_.labels);
    });
  }

  std::unique_ptr<Model> model_;
  Batch batch_;
  Context context_;
  Ball ball_;
  Tensor x_adv_;
  Replay iteration_;
};

}  // namespace

double Timed::run(Index iterations) {
  const auto begin = std::chrono::steady_clock::now();
  for (Index i = 0; i < iterations; ++i) start();
  wait();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::unique_ptr<Timed> make_timed(Workload workload, const BenchSettings& s,
                                  const SafeTensors& inputs, Index batch) {
  if (workload == Workload::pgd) return std::make_unique<TimedPgd>(s, inputs, batch);
  const Method method = workload == Workload::train ? Method::standard : Method::robmask;
  return std::make_unique<TimedTraining>(s, method, inputs, batch);
}

FirstStep first_step(const BenchSettings& s, const SafeTensors& inputs, Index batch) {
  const std::unique_ptr<Model> model = bench_model(s, inputs, 2);
  Backend& machine = model->machine();
  const Batch data = bench_batch(*model, inputs, batch);
  const Tensor start = bench_start(*model, inputs, batch);
  const Context clean{{model->segment(batch, Mode::frozen, {0})}},
      attacked = model->eval(batch, 0.5);
  const Tensor loss(machine, {}, model->dtype()), loss_adv(machine, {}, model->dtype()),
      gradient(machine, start.shape(), model->dtype());
  const double share = 1 / static_cast<double>(batch);
  const auto body = [&] {
    const Variable images(start);
    Tape tape({images});
    const Variable losses = cross_entropy(model->logits(images, attacked), data.labels);
    tape.backward(losses);
    machine.copy(gradient, images.gradient());
    machine.sum({loss_adv}, losses.value(), share);
    const Variable logits = model->logits(Variable(data.images), clean);
    machine.sum({loss}, cross_entropy(logits, data.labels).value(), share);
  };
  Replay step(machine, body, s.replay);
  for (int i = 0; i < 4; ++i) step();  // run, run, recorded and played, played
  return {loss.item(), loss_adv.item(), gradient.to_doubles()};
}

}  // namespace robmask
