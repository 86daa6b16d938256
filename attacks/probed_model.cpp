#include "attacks/probed_model.h"

#include <algorithm>
#include <cmath>

#include "attacks/driver.h"
#include "attacks/pgd.h"
#include "attacks/square.h"
#include "engine/tape.h"

namespace robmask {

namespace {

constexpr Index crossing = 50;  // steps

Tensor copy_of(const Tensor& x) {
  const Tensor copy(x.machine(), x.shape(), x.dtype());
  x.machine().copy(copy, x);
  return copy;
}

}  // namespace

Flags both(Flags a, const Flags& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = a[i] && b[i];
  return a;
}

ProbedModel::ProbedModel(const Classifier& classifier, const Probe& probe)
    : classifier_(classifier),
      probe_(probe),
      labels_(probe.labels.to_host<std::int32_t>()),
      logits_(classifier(Variable(probe.images)).value()),
      correct_(hits(logits_)) {}

Variable ProbedModel::loss(const Variable& images) const {
  return cross_entropy(classifier_(images), probe_.labels);
}

Flags ProbedModel::hits(const Tensor& logits) const {
  const Tensor flags(logits.machine(), {logits.shape().n, 1, 1, 1}, logits.dtype());
  logits.machine().correct(flags, logits, probe_.labels);
  const std::vector<double> values = flags.to_doubles();
  return {values.begin(), values.end()};
}

std::vector<double> ProbedModel::gradients() const {
  const Variable images(probe_.images);
  Tape tape({images});
  tape.backward(loss(images));
  const std::vector<double> all = images.gradient().to_doubles();
  std::vector<double> largest(labels_.size(), 0.0);
  const std::size_t size = all.size() / largest.size();
  for (std::size_t i = 0; i < all.size(); ++i)
    largest[i / size] = std::max(largest[i / size], std::abs(all[i]));
  return largest;
}

Flags ProbedModel::withstand_pgd(double eps, double step_size, Index steps) const {
  const Tensor &x = probe_.images, x_adv = copy_of(x);
  const Ball ball = make_ball(x.machine(), x.dtype(), probe_.norm, {eps}, {step_size});
  pgd(x_adv, x, ball, steps, [this](const Variable& images) { return loss(images); });
  return both(correct_, hits(classifier_(Variable(x_adv)).value()));
}

Tensor ProbedModel::ascent(const Tensor& logits, LogitLoss climbed) const {
  const std::vector<double> z = logits.to_doubles();
  const auto classes = static_cast<std::size_t>(logits.shape().c);
  std::vector<double> gradient(z.size());
  for (std::size_t i = 0; i < labels_.size(); ++i)
    climbed({&z[i * classes], classes}, labels_[i], -1, {&gradient[i * classes], classes});
  return make_tensor(logits.machine(), logits.shape(), logits.dtype(), gradient);
}

Flags ProbedModel::withstand_crossing(Flags standing, double eps, LogitLoss climbed) const {
  const Tensor &x = probe_.images, x_adv = copy_of(x);
  const Ball ball = make_ball(x.machine(), x.dtype(), probe_.norm, {eps}, {eps / 10});
  for (Index step = 0; step <= crossing && std::ranges::count(standing, true) > 1; ++step) {
    const Variable images(x_adv);
    Tape tape({images});
    const Variable logits = classifier_(images);
    standing = both(standing, hits(logits.value()));
    tape.backward(logits, ascent(logits.value(), climbed));
    x.machine().pgd_step(x_adv, x, images.gradient(), ball.alpha, ball.eps, ball.norm);
  }
  return standing;
}

Flags ProbedModel::withstand_square(Flags standing, double eps, Index queries) const {
  std::deque<Run> queue;
  for (std::size_t i = 0; i < standing.size(); ++i)
    if (standing[i])
      queue.push_back(
          {.image = static_cast<std::int32_t>(i), .label = labels_[i], .targets = {-1}});
  if (queue.empty()) return standing;
  const Tensor& x = probe_.images;
  Slots slots(x.machine(), x.shape().with_images(std::ssize(queue)), x.dtype());
  Square square(slots, {probe_.norm, eps, 0}, queries, false);
  const auto finished = [&](const std::vector<Index>& some) {
    for (const Index slot : some) standing[slots.runs[slot].image] = !slots.runs[slot].broken;
  };
  drive(square, slots, queue, classifier_, labelled(x, labels_), {.finished = finished});
  return standing;
}

}  // namespace robmask
