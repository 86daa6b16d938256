#include "training/recipe.h"

#include "engine/backend.h"
#include "engine/tape.h"
#include "training/recipes.h"

namespace robmask {

Totals::Totals(Backend& machine) : Totals(Tensor(machine, {count, 1, 1, 1}, DType::f64)) {
  reset();
}

Totals::Totals(const Tensor& from)
    : sums(from),
      loss(from.images(0, 1)),
      loss_clean(from.images(1, 1)),
      loss_adv(from.images(2, 1)),
      hits(from.images(3, 1)) {}

void Totals::reset() const { sums.machine().fill(sums, 0); }

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

void learn(const Model& model, const Batch& batch, const Tensor& x,
           const std::vector<Segment>& passes, Index clean, Halves halves, const Totals& totals) {
  const Index n = batch.size(), count = std::ssize(passes);
  if (halves == Halves::together) {
    Tape tape(model.parameters());
    const Variable logits = model.logits(Variable(x), {passes});
    const Variable losses = cross_entropy(logits, repeated(batch.labels, count));
    tape.backward(mean(losses), batch.on_gradient);
    return add_passes(totals, batch, logits.value(), losses.value(), clean);
  }
  Tensor first_logits;
  const Tensor losses(model.machine(), {count * n, 1, 1, 1}, model.dtype());
  for (Index b = 0; b < count; ++b) {
    Tape tape(model.parameters(), b > 0);
    const Variable logits = model.logits(Variable(x.images(b * n, n)), {{passes[b]}});
    const Variable own = cross_entropy(logits, batch.labels);
    tape.backward(sum(own, 1 / static_cast<double>(count * n)),
                  b + 1 == count ? batch.on_gradient : Tape::OnGradient());
    model.machine().copy(losses.images(b * n, n), own.value());
    if (b == 0) first_logits = logits.value();
  }
  add_passes(totals, batch, first_logits, losses, clean);
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
