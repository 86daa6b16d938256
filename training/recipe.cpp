#include "training/recipe.h"

#include "engine/backend.h"
#include "training/recipes.h"

namespace robmask {

Totals::Totals(Backend& machine)
    : loss(machine, {}, DType::f64),
      loss_clean(machine, {}, DType::f64),
      loss_adv(machine, {}, DType::f64),
      hits(machine, {}, DType::f64) {
  reset();
}

void Totals::reset() {
  for (const Tensor& t : {loss, loss_clean, loss_adv, hits}) t.machine().fill(t, 0);
}

void Totals::add(const Tensor& total, const Tensor& values, double factor) const {
  const Tensor sum(values.machine(), {}, values.dtype());
  values.machine().sum({sum}, values, factor);
  values.machine().sum({total, true}, sum, 1);
}

void Totals::add_hits(const Tensor& logits, const Tensor& labels) const {
  const Tensor correct(logits.machine(), labels.shape(), logits.dtype());
  logits.machine().correct(correct, logits, labels);
  add(hits, correct);
}

std::unique_ptr<Recipe> make_recipe(const TrainSettings& settings, const Model& model) {
  const Tuning all{model.parameters()};
  const auto [masks, pairs] = mask_counts(settings);
  require(masks == 1 || (model.spec().masks == masks && model.spec().pairs == pairs),
          "`method` {}: expected a model of {} masks and {} pair(s) of running statistics, got {} "
          "and {}",
          to_string(settings.method), masks, pairs, model.spec().masks, model.spec().pairs);
  switch (settings.method) {
    case Method::standard: return standard_recipe(model, all);
    case Method::pgd: return adversarial_recipe(model, settings, all);
    case Method::trades: return trades_recipe(model, settings);
    case Method::advprop: return advprop_recipe(model, settings);
    case Method::robmask: return robmask_recipe(model, settings);
  }
  throw std::logic_error("a method without a recipe");
}

std::vector<Variable> tuned_parameters(const Tune& tune, const Model& model) {
  std::vector<Variable> tuned;
  for (const Entry& e : model.entries())
    if ((e.role == Role::mask_weight && tune.gamma) || (e.role == Role::mask_bias && tune.beta))
      tuned.push_back(e.variable);
  return tuned;
}

std::unique_ptr<Recipe> make_finetune_recipe(const TrainSettings& settings, const Tune& tune,
                                             const Model& model) {
  const Tuning tuning{tuned_parameters(tune, model), tune.stats ? Mode::train : Mode::eval};
  return settings.method == Method::pgd ? adversarial_recipe(model, settings, tuning)
                                        : standard_recipe(model, tuning);
}

MaskCounts mask_counts(const TrainSettings& s) {
  if (s.method == Method::advprop) {
    const Index norms = 1 + (s.aux_random ? 1 : static_cast<Index>(s.aux_eps.size()));
    return {norms, norms};
  }
  if (s.method != Method::robmask) return {};
  return {s.masks, s.masks > 1 && s.bn_stats == BnStats::split ? 2 : 1};
}

Tensor repeated(const Tensor& x, Index count) {
  const Index n = x.shape().n;
  const Tensor all(x.machine(), x.shape().with_images(count * n), x.dtype());
  for (Index b = 0; b < count; ++b) x.machine().copy(all.images(b * n, n), x);
  return all;
}

void add_passes(const Totals& totals, const Batch& batch, const Tensor& logits,
                const Tensor& losses, Index clean) {
  // logits: {B·N,1,1,classes}    losses: {B·N,1,1,1}
  const Index n = batch.size(), count = losses.shape().n / n;
  const auto share = [](Index passes) { return 1 / static_cast<double>(passes); };
  totals.add(totals.loss, losses, share(count));
  for (Index b = 0; b < count; ++b) {
    const Tensor part = losses.images(b * n, n);
    if (b < clean)
      totals.add(totals.loss_clean, part, share(clean));
    else
      totals.add(totals.loss_adv, part, share(count - clean));
  }
  totals.add_hits(logits.images(0, n), batch.labels);
}

}  // namespace robmask
