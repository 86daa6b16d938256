#include "tools/robmask/examiner.h"

#include <algorithm>
#include <cmath>

#include "attacks/checks.h"
#include "engine/ops.h"
#include "tools/robmask/quantize.h"

namespace robmask {

Examiner::Examiner(const Model& model, const Images& images, double p, const AttackPlan& plan,
                   bool quantize, AdversarialFile* file)
    : model_(model), images_(images), p_(p), plan_(plan), quantize_(quantize), file_(file) {}

Tensor Examiner::rounded(const Tensor& x_adv, const Tensor& x) const {
  std::vector<double> values = x_adv.to_doubles();
  const std::vector<double> clean = x.to_doubles();
  const auto count = static_cast<std::size_t>(x.shape().pixels() * x.shape().c);
  for (std::size_t first = 0; first < values.size(); first += count)
    round_to_bytes(std::span(values).subspan(first, count), std::span(clean).subspan(first, count),
                   plan_.norm, plan_.eps);
  return make_tensor(x.machine(), x.shape(), x.dtype(), values);
}

std::vector<bool> Examiner::accept(const std::vector<Finding>& found) const {
  const Tensor x(model_.machine(), images_.shape(static_cast<Index>(found.size())), model_.dtype());
  const Tensor x_adv(x.machine(), x.shape(), x.dtype());
  for (std::size_t i = 0; i < found.size(); ++i) {
    x.machine().copy(x.images(static_cast<Index>(i), 1), found[i].x);
    x.machine().copy(x_adv.images(static_cast<Index>(i), 1), found[i].x_adv);
  }
  const Variable shown(quantize_ ? rounded(x_adv, x) : x_adv);
  std::vector<std::int32_t> ids;
  for (const Finding& f : found) ids.push_back(f.image);
  const std::vector<Index> predictions =
      classes_of(model_.logits(shown, model_.eval(x.shape().n, p_)).value(), ids, images_.split());
  std::vector<bool> accepted;
  for (std::size_t i = 0; i < found.size(); ++i)
    accepted.push_back(predictions[i] != images_.split().labels[found[i].image]);
  return accepted;
}

Tensor Examiner::take(const std::vector<std::int32_t>& ids, const Tensor& x) {
  const Tensor shown(x.machine(), x.shape(), x.dtype());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto own = handed_out_.extract(ids[i]);
    expect(!own.empty(), "an attack gave a verdict on image {} without its adversarial image",
           ids[i]);
    x.machine().copy(shown.images(static_cast<Index>(i), 1), own.mapped());
  }
  return quantize_ ? rounded(shown, x) : shown;
}

PerImage<ImageOutcome> Examiner::conclude(const PerImage<Verdict>& verdicts) {
  // x, shown: n H W 3
  std::vector<std::int32_t> ids;
  for (const auto& [number, verdict] : verdicts) ids.push_back(number);
  const Tensor x = images_.batch(model_.dtype(), ids).images, shown = take(ids, x);
  const Index n = x.shape().n;
  const Tensor distance(x.machine(), {n, 1, 1, 1}, x.dtype());
  x.machine().distance(distance, shown, x, plan_.norm);
  const std::vector<double> distances = distance.to_doubles();
  const std::vector<Index> predictions =
      classes_of(model_.logits(Variable(shown), model_.eval(n, p_)).value(), ids, images_.split());
  for (const double v : shown.to_doubles()) {
    extremes_.nans += std::isnan(v);
    extremes_.low = std::min(extremes_.low, v);
    extremes_.high = std::max(extremes_.high, v);
  }
  if (file_) file_->put(ids, shown);

  PerImage<ImageOutcome> outcomes;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Verdict v = verdicts.at(ids[i]);
    const bool outside = doubt_about_ball(distances[i], plan_.eps).has_value();
    const bool robust = outside || predictions[i] == images_.split().labels[v.image];
    if (robust) v = {.image = v.image};
    if (!robust && v.robust) v.broken_by = plan_.attack;
    v.robust = robust;
    v.perturbation = distances[i];
    extremes_.perturbation = std::max(extremes_.perturbation, distances[i]);
    outcomes[ids[i]] = {true, v, predictions[i]};
  }
  return outcomes;
}

}  // namespace robmask
