#include "training/branches.h"

#include "engine/tape.h"

namespace robmask {

BranchRecipe::BranchRecipe(const Model& model, const TrainingAttack& attack, const Tuning& tuning,
                           std::uint64_t seed)
    : model_(model),
      attack_(attack),
      tuning_(tuning),
      seed_(seed),
      step_(model.machine(), {}, DType::i64) {}

double BranchRecipe::draw_strength(Index step, std::uint32_t image) const {
  return random_uniform<double>({.seed = seed_,
                                 .purpose = Purpose::strength,
                                 .step = static_cast<std::uint64_t>(step),
                                 .image = image},
                                0);
}

BranchRecipe::Prepared BranchRecipe::prepare(const Branch& b, Index images) const {
  Prepared p{b.attacked, {}, {}, {}};
  p.loss = model_.segment(images, tuning_.mode, b.mask, b.pair);
  if (!b.attacked) return p;
  std::vector<double> alpha;
  for (const double e : b.eps) alpha.push_back(attack_.settings.alpha(e));
  p.ball = make_ball(model_.machine(), model_.dtype(), attack_.settings.norm, b.eps, alpha);
  const std::vector<double> mask = attack_.mask == AttackMask::loss  ? b.mask
                                   : attack_.mask == AttackMask::max ? std::vector{1.0}
                                                                     : std::vector{0.0};
  p.attack = {{model_.segment(images, attack_.mode, mask, b.pair)}};
  return p;
}

void BranchRecipe::overwrite(const Prepared& kept, const Prepared& drawn) {
  const auto copy = [](const Tensor& to, const Tensor& from) { to.machine().copy(to, from); };
  const auto copy_codes = [&](const Segment& to, const Segment& from) {
    copy(to.code, from.code);
    copy(to.pair_code, from.pair_code);
  };
  copy_codes(kept.loss, drawn.loss);
  if (!kept.attacked) return;
  copy_codes(kept.attack.segments[0], drawn.attack.segments[0]);
  copy(kept.ball.eps, drawn.ball.eps);
  copy(kept.ball.alpha, drawn.ball.alpha);
}

void BranchRecipe::prepare(Index step, const std::vector<std::int32_t>& ids) {
  const auto images = static_cast<Index>(ids.size());
  model_.machine().fill(step_, static_cast<double>(step));
  std::vector<Branch> drawn = branches(step, ids);
  Plan& plan = plans_[images];
  if (plan.branches == drawn) return;
  for (std::size_t b = 0; b < drawn.size(); ++b) {
    Prepared p = prepare(drawn[b], images);
    if (b < plan.prepared.size())
      overwrite(plan.prepared[b], p);
    else
      plan.prepared.push_back(std::move(p));
  }
  plan.branches = std::move(drawn);
}

void BranchRecipe::attack(const Prepared& branch, std::uint32_t number, const Tensor& x_adv,
                          const Batch& batch) const {
  Backend& machine = model_.machine();
  if (attack_.settings.start == Start::random)
    machine.start_uniform(x_adv, batch.images, branch.ball.eps, attack_.settings.norm,
                          {.seed = seed_, .purpose = Purpose::start, .branch = number}, step_,
                          batch.ids);
  else
    machine.copy(x_adv, batch.images);
  pgd(x_adv, batch.images, branch.ball, attack_.settings.steps, [&](const Variable& images) {
    return cross_entropy(model_.logits(images, branch.attack), batch.labels);
  });
}

void BranchRecipe::step(const Batch& batch, Totals& totals) {
  // batch: N images; the pass: B·N images, branch b in images b·N … (b+1)·N
  Backend& machine = model_.machine();
  const Index n = batch.images.shape().n;
  const std::vector<Prepared>& prepared = plans_.at(n).prepared;
  const auto count = static_cast<Index>(prepared.size());
  const Tensor images(machine, batch.images.shape().with_images(count * n), model_.dtype());
  const Tensor labels(machine, {count * n, 1, 1, 1}, DType::i32);
  Context context;
  for (Index b = 0; b < count; ++b) {
    const Prepared& branch = prepared[b];
    const Tensor part = images.images(b * n, n);
    if (branch.attacked)
      attack(branch, static_cast<std::uint32_t>(b), part, batch);
    else
      machine.copy(part, batch.images);
    machine.copy(labels.images(b * n, n), batch.labels);
    context.segments.push_back(branch.loss);
  }

  Tape tape(tuning_.parameters);
  const Variable logits = model_.logits(Variable(images), context);
  const Variable losses = cross_entropy(logits, labels);
  if (!tuning_.parameters.empty()) tape.backward(mean(losses));

  double clean = 0, attacked = 0;
  for (const Prepared& branch : prepared) (branch.attacked ? attacked : clean) += 1;
  totals.add(totals.loss, losses.value(), 1 / static_cast<double>(count));
  for (Index b = 0; b < count; ++b) {
    const Tensor part = losses.value().images(b * n, n);
    if (prepared[b].attacked)
      totals.add(totals.loss_adv, part, 1 / attacked);
    else
      totals.add(totals.loss_clean, part, 1 / clean);
  }
  const Tensor hits(machine, {n, 1, 1, 1}, model_.dtype());
  machine.correct(hits, logits.value().images(0, n), batch.labels);
  totals.add(totals.hits, hits);
}

}  // namespace robmask
