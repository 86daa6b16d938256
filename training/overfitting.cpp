#include "training/overfitting.h"

#include <algorithm>

#include "training/terminal.h"

namespace robmask {

namespace {

constexpr Index probe_images = 64;

}  // namespace

void probe_overfitting(EpochSummary& summary, const Model& model, const Images& train,
                       const TrainSettings& s, const OnLook& on_look) {
  if (s.method == Method::standard) return;
  const double p = model.spec().masks > 1 ? 1 : 0;
  LabelledImages images = train.labelled(model.dtype());
  images.labels.resize(std::min<std::size_t>(probe_images, images.labels.size()));
  const auto accuracy = [&](const AttackPlan& plan) {
    Verdicts verdicts = taken_as_right(images.count());
    attack(verdicts, {.plan = plan, .attacked = model.at(p), .batch = probe_images, .seed = s.seed},
           images, {.on_look = on_look, .warn = warn});
    const auto robust = std::ranges::count(verdicts, true, &Verdict::robust);
    return static_cast<double>(robust) / static_cast<double>(verdicts.size());
  };
  AttackPlan plan = s.attack.pgd(s.attack.eps.value);
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
                    "stand the training attack but {:.0f} % stand PGD-10; use more `attack_steps` "
                    "or a smaller `step_size`",
                    summary.epoch, 100 * under_training_attack, 100 * under_pgd));
}

}  // namespace robmask
