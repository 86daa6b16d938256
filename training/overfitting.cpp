#include "training/overfitting.h"

#include <algorithm>

#include "training/manners.h"

namespace robmask {

namespace {

constexpr Index probe_images = 64;

}  // namespace

void probe_overfitting(EpochSummary& summary, const Model& model, const Images& train,
                       const TrainSettings& s, const OnLook& on_look) {
  if (s.method == Method::standard) return;
  const double p = model.spec().masks > 1 ? 1 : 0;
  const Evaluator evaluator(model, train, probe_images, s.common.seed);
  std::vector<std::int32_t> ids;
  for (Index i = 0; i < std::min(probe_images, train.size()); ++i)
    ids.push_back(static_cast<std::int32_t>(i));
  const auto accuracy = [&](const AttackPlan& plan) {
    Index robust = 0;
    for (const Verdict& v : evaluator.attack(p, plan, ids, {.on_look = on_look}))
      robust += v.robust;
    return static_cast<double>(robust) / static_cast<double>(ids.size());
  };
  AttackPlan plan = pgd_plan(s.attack, s.attack.eps.value);
  const double under_training_attack = accuracy(plan);
  plan.step_size = plan.eps / 4;
  plan.steps = 10;
  plan.random_start = true;
  const double under_pgd = accuracy(plan);
  summary.probe_training_attack = under_training_attack;
  summary.probe_pgd = under_pgd;
  const bool halved = under_pgd < 0.5 * under_training_attack;
  if (halved && under_training_attack - under_pgd > 0.25)
    warn(
        fmt::format("epoch {}: catastrophic overfitting: {:.0f} % of the probed training images "
                    "stand the training attack but {:.0f} % stand PGD-10; use more --attack-steps "
                    "or a smaller --step-size",
                    summary.epoch, 100 * under_training_attack, 100 * under_pgd));
}

}  // namespace robmask
