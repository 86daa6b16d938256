#include "training/training_attack.h"

namespace robmask {

namespace {

Mode mode_of(AttackBn choice) {
  switch (choice) {
    case AttackBn::eval: return Mode::eval;
    case AttackBn::train_frozen: return Mode::frozen;
    case AttackBn::train: return Mode::train;
  }
  throw std::logic_error("a choice of batch norm without a mode");
}

}  // namespace

TrainingAttack::TrainingAttack(const Model& model, const TrainSettings& s, std::uint32_t number,
                               Index pair)
    : model_(model),
      settings_(s.attack),
      choice_(s.attack_mask),
      mode_(mode_of(s.attack_bn)),
      starts_(stream_of(s, Purpose::start)),
      mask_(model, pair),
      step_(model.machine(), {}, DType::i64) {
  starts_.branch = number;
}

void TrainingAttack::set(Index step, const std::vector<double>& eps, const std::vector<double>& p) {
  Backend& machine = model_.machine();
  machine.fill(step_, static_cast<double>(step));
  mask_.set(choice_ == AttackMask::loss  ? p
            : choice_ == AttackMask::max ? std::vector{1.0}
                                         : std::vector{0.0});
  if (eps == radii_) return;
  radii_ = eps;
  std::vector<double> alpha = eps;
  for (double& a : alpha) a = settings_.alpha(a);
  const Ball drawn = make_ball(machine, model_.dtype(), settings_.norm, eps, alpha);
  eps_.set(drawn.eps);
  alpha_.set(drawn.alpha);
}

void TrainingAttack::operator()(const Tensor& x_adv, const Batch& batch) const {
  const Ball ball{settings_.norm, eps_.tensor(), alpha_.tensor()};
  Context mask{{mask_.segment(batch, mode_)}};
  if (mode_ == Mode::eval) mask.segments[0].kept = std::make_shared<KeptMasks>();
  if (settings_.start == Start::random)
    model_.machine().start_uniform(x_adv, batch.images, ball.eps, ball.norm, starts_, step_,
                                   batch.ids);
  pgd(x_adv, batch.images, ball, settings_.steps, [&](const Variable& images) {
    return cross_entropy(model_.logits(images, mask), batch.labels);
  });
}

}  // namespace robmask
