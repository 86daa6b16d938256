#include "training/evaluator.h"

#include <algorithm>
#include <numeric>

namespace robmask {

namespace {

/// Splits a list into batches.
template <class F>
void in_batches(const std::vector<std::int32_t>& list, Index size, F&& f) {
  for (std::size_t first = 0; first < list.size(); first += size) {
    const std::size_t last = std::min(list.size(), first + size);
    f(std::vector<std::int32_t>(list.begin() + first, list.begin() + last));
  }
}

}  // namespace

AttackPlan pgd_plan(const AttackSettings& settings, double eps) {
  return {.norm = settings.norm,
          .eps = eps,
          .step_size = settings.alpha(eps),
          .steps = settings.steps,
          .random_start = settings.start == Start::random};
}

std::vector<AttackPlan> stages(const AttackPlan& plan) {
  require(plan.attack == AttackName::pgd || plan.attack == AttackName::fgsm,
          "attack {}: this build knows fgsm and pgd", to_string(plan.attack));
  return {plan};
}

Evaluator::Evaluator(const Model& model, const Images& images, Index batch, std::uint64_t seed)
    : model_(model), images_(images), batch_(batch), seed_(seed) {}

Tensor Evaluator::logits(double p, const std::vector<std::int32_t>& images) const {
  const Batch batch = images_.batch(model_.dtype(), images);
  return model_.logits(Variable(batch.images), model_.eval(batch.images.shape().n, p)).value();
}

std::vector<bool> Evaluator::correct(const Tensor& x, const Tensor& labels,
                                     const Context& context) const {
  const Tensor hits(model_.machine(), {x.shape().n, 1, 1, 1}, model_.dtype());
  model_.machine().correct(hits, model_.logits(Variable(x), context).value(), labels);
  const std::vector<double> values = hits.to_doubles();
  return {values.begin(), values.end()};
}

std::vector<bool> Evaluator::clean(double p, const OnBatch& on_batch) const {
  std::vector<std::int32_t> all(images_.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<bool> result;
  in_batches(all, batch_, [&](const std::vector<std::int32_t>& list) {
    const Batch batch = images_.batch(model_.dtype(), list);
    const auto hits = correct(batch.images, batch.labels, model_.eval(batch.images.shape().n, p));
    result.insert(result.end(), hits.begin(), hits.end());
    if (on_batch) on_batch(static_cast<Index>(result.size()), {});
  });
  return result;
}

std::vector<Verdict> Evaluator::attack_batch(double p, const AttackPlan& plan,
                                             const std::vector<std::int32_t>& targets,
                                             const OnAdversarial& adversarial) const {
  // x, x_adv: n H W 3, the images that stand: all before the first restart, then the survivors
  Backend& machine = model_.machine();
  const Ball ball = make_ball(machine, model_.dtype(), plan.norm, {plan.eps}, {plan.step_size});
  std::vector<Verdict> verdicts;
  for (const std::int32_t image : targets) verdicts.push_back({.image = image, .robust = true});
  std::vector<Verdict*> standing;
  for (Verdict& v : verdicts) standing.push_back(&v);

  for (Index restart = 0; restart < plan.restarts && !standing.empty(); ++restart) {
    std::vector<std::int32_t> list;
    for (const Verdict* v : standing) list.push_back(v->image);
    const Batch batch = images_.batch(model_.dtype(), list);
    const Context context = model_.eval(batch.images.shape().n, p);
    const Tensor x_adv(machine, batch.images.shape(), model_.dtype());
    if (plan.random_start)
      machine.start_uniform(x_adv, batch.images, ball.eps, plan.norm,
                            {.seed = seed_,
                             .purpose = Purpose::evaluation_start,
                             .branch = static_cast<std::uint32_t>(restart),
                             .step = static_cast<std::uint64_t>(plan.attack)},
                            {}, batch.ids);
    else
      machine.copy(x_adv, batch.images);
    pgd(x_adv, batch.images, ball, plan.steps, [&](const Variable& images) {
      return cross_entropy(model_.logits(images, context), batch.labels);
    });

    const std::vector<bool> hits = correct(x_adv, batch.labels, context);
    const Tensor distance(machine, {batch.images.shape().n, 1, 1, 1}, model_.dtype());
    machine.distance(distance, x_adv, batch.images, plan.norm);
    const std::vector<double> distances = distance.to_doubles();
    std::vector<Verdict*> survivors;
    for (std::size_t i = 0; i < standing.size(); ++i) {
      standing[i]->perturbation = distances[i];
      if (hits[i]) {
        survivors.push_back(standing[i]);
      } else {
        standing[i]->robust = false;
        standing[i]->broken_by = plan.attack;
        standing[i]->restart = restart;
      }
    }
    standing = survivors;
    if (adversarial) adversarial(list, x_adv);
  }
  return verdicts;
}

std::vector<Verdict> Evaluator::attack(double p, const AttackPlan& plan,
                                       const std::vector<std::int32_t>& targets,
                                       const OnBatch& on_batch, const OnAdversarial& adversarial,
                                       const OnStage& on_stage, const Standing* from) const {
  std::vector<Verdict> result;
  std::vector<std::int32_t> survivors;
  in_batches(from ? from->survivors : targets, batch_, [&](const std::vector<std::int32_t>& list) {
    const std::vector<Verdict> verdicts = attack_batch(p, stages(plan)[0], list, adversarial);
    result.insert(result.end(), verdicts.begin(), verdicts.end());
    for (const Verdict& v : verdicts)
      if (v.robust) survivors.push_back(v.image);
    if (on_batch) on_batch(static_cast<Index>(result.size()), verdicts);
  });
  if (on_stage) on_stage(0, survivors);
  return result;
}

}  // namespace robmask
