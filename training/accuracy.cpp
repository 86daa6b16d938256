#include "training/accuracy.h"

#include <algorithm>
#include <numeric>

#include "engine/in_batches.h"
#include "engine/ranges.h"
#include "training/terminal.h"

namespace robmask {

Index count_together(Processes& processes, Index images,
                     const std::function<Index(const Shards& range)>& count) {
  Index all = 0;
  for (const std::string& number : in_ranges(
           processes, images, [&](const Shards& range) { return std::to_string(count(range)); }))
    all += std::stol(number);
  return all;
}

double accuracy(const Model& model, double p, const Images& images, Index batch,
                const std::function<void(Index done)>& on_batch, Processes& processes) {
  const Index all = count_together(processes, images.size(), [&](const Shards& range) {
    std::vector<std::int32_t> own(range.count());
    std::iota(own.begin(), own.end(), static_cast<std::int32_t>(range.first));
    Index done = 0, correct = 0;
    in_batches(model.machine(), own, batch, warn, [&](const std::vector<std::int32_t>& ids) {
      const Batch some = images.batch(model.dtype(), ids);
      const Tensor hits(model.machine(), some.labels.shape(), model.dtype());
      model.machine().correct(hits, model.at(p)(Variable(some.images)).value(), some.labels);
      for (const double hit : hits.to_doubles()) correct += hit > 0;
      on_batch(done += std::ssize(ids));
    });
    return correct;
  });
  return static_cast<double>(all) / static_cast<double>(images.size());
}

void probe_overfitting(EpochSummary& summary, const Model& model, const Images& train,
                       const TrainSettings& s, Processes& processes, const OnLook& on_look) {
  constexpr Index probe_images = 64;
  if (s.method == Method::standard) return;
  const double p = model.spec().masks > 1 ? 1 : 0;
  LabelledImages images = train.labelled(model.dtype());
  images.labels.resize(std::min<std::size_t>(probe_images, images.labels.size()));
  const auto accuracy = [&](const AttackPlan& plan) {
    const Index robust = count_together(processes, images.count(), [&](const Shards& range) {
      Verdicts verdicts = taken_as_right(images.count());
      for (Verdict& v : verdicts) v.robust = range.first <= v.image && v.image < range.end;
      attack(verdicts,
             {.plan = plan, .attacked = model.at(p), .batch = probe_images, .seed = s.seed}, images,
             {.on_look = on_look, .warn = warn});
      return std::ranges::count(verdicts, true, &Verdict::robust);
    });
    return static_cast<double>(robust) / static_cast<double>(images.count());
  };
  AttackPlan plan = s.attack.pgd(s.eps.value);
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
