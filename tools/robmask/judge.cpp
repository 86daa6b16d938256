#include "tools/robmask/judge.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "training/manners.h"

namespace robmask {

namespace {

Json entry_of(const ImageOutcome& o) {
  const Verdict& v = o.verdict;
  return {v.image,        v.robust,    to_string(v.broken_by), v.restart, v.iteration,
          v.perturbation, o.prediction};
}

/// What entry_of() noted. InputError, or Json's exceptions, for what it cannot have.
ImageOutcome outcome_from(const Json& entry, Index images, Index classes) {
  constexpr Index most = std::numeric_limits<Index>::max();
  const Index image = whole_number(entry.at(0), 0, images - 1);
  const double perturbation = entry.at(5).is_null() ? NAN : entry.at(5).get<double>();
  require(!(perturbation < 0), "image {}: a perturbation of {}", image, perturbation);
  return {true,
          {static_cast<std::int32_t>(image), entry.at(1).get<bool>(),
           from_string<AttackName>(entry.at(2).get<std::string>()),
           whole_number(entry.at(3), -1, most), whole_number(entry.at(4), -1, most), perturbation},
          whole_number(entry.at(6), -1, classes - 1)};
}

class Stopwatch {
 public:
  /// Seconds since it was made or asked last.
  double lap() {
    const auto before = std::exchange(last_, Clock::now());
    return std::chrono::duration<double>(last_ - before).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
};

double per_cent(Index hits, Index n) {
  return 100 * static_cast<double>(hits) / static_cast<double>(n);
}

/// "robust accuracy after APGD-CE: 52.30% (total time 10.3 s)", as fra31/auto-attack logs it.
void log_stage(AttackName stage, Index standing, Index n, double seconds) {
  std::string name = to_string(stage);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  log("robust accuracy after {}: {:.2f}% (total time {:.1f} s)", name, per_cent(standing, n),
      seconds);
}

void log_extremes(Norm norm, const Examiner::Extremes& seen) {
  log("max {} perturbation: {:.5f}, nan in tensor: {}, max: {:.5f}, min: {:.5f}",
      norm == Norm::linf ? "Linf" : "L2", seen.perturbation, seen.nans, seen.high, seen.low);
}

}  // namespace

Judge::Judge(const EvaluateSettings& settings, const std::string& name, const LoadedModel& from,
             const LoadedModel& source, const Images& images, Journal& journal,
             AdversarialFile* adversarial)
    : settings_(settings),
      name_(name),
      from_(from),
      images_(images),
      journal_(journal),
      adversarial_(adversarial),
      evaluator_(*from.model, images, settings.batch, settings.common.seed),
      attacker_(*source.model, images, settings.batch, settings.common.seed) {}

const std::vector<Index>& Judge::predictions(double p) {
  const auto [at, fresh] = predictions_.try_emplace(p);
  if (!fresh) return at->second;
  Progress progress(fmt::format("clean, mask {}", p), images_.size(), "image");
  at->second = evaluator_.classes(p, [&](Index done, const auto&) {
    progress.update(done);
    stop_if_interrupted();
  });
  return at->second;
}

std::vector<std::int32_t> Judge::recall(CellOutcome& outcome, const std::string& key,
                                        const std::vector<std::int32_t>& targets) const {
  std::set<std::int32_t> open(targets.begin(), targets.end());
  std::vector<std::int32_t> known;
  journal_.recall(key, [&](const Json& batch) {
    const double seconds = batch.at("seconds").get<double>();
    require(seconds >= 0, "an attack of {} seconds", seconds);
    outcome.stages.back() += seconds;
    for (const Json& entry : batch.at("images")) {
      const ImageOutcome image = outcome_from(entry, images_.size(), from_.model->spec().classes);
      known.push_back(image.verdict.image);
      require(open.erase(known.back()) == 1, "image {} is not one that was attacked", known.back());
      outcome.images[known.back()] = image;
    }
  });
  outcome.seconds += outcome.stages.back();
  if (adversarial_) adversarial_->recall(known);
  return {open.begin(), open.end()};
}

std::vector<std::int32_t> Judge::run_stage(CellOutcome& outcome, const AttackPlan& stage,
                                           const std::vector<std::int32_t>& targets) {
  const Cell& cell = outcome.cell;
  const std::string attack = to_string(stage.attack);
  const std::string key =
      fmt::format("{}|mask {}|{}|{}|eps {}", name_, cell.mask, cell.plan.name(), attack, stage.eps);
  double& seconds = outcome.stages.emplace_back(0.0);
  if (is_idle(stage)) return targets;
  const std::vector<std::int32_t> open = recall(outcome, key, targets);
  const auto known = static_cast<Index>(targets.size() - open.size());
  Index done = known;
  const auto standing = [&] {
    std::vector<std::int32_t> images;
    std::ranges::copy_if(targets, std::back_inserter(images),
                         [&](std::int32_t i) { return outcome.images[i].verdict.robust; });
    return images;
  };
  Progress progress(fmt::format("{} {}, mask {}", attack, cell.eps.text, cell.mask),
                    static_cast<Index>(targets.size()), "image", known);
  if (open.empty()) return standing();
  journal_.begin();
  Stopwatch watch;
  Examiner examiner(*from_.model, images_, cell.mask, stage, settings_.quantize.has_value(),
                    adversarial_);
  Evaluator::Hooks hooks;
  hooks.on_batch = [&](Index, const PerImage<Verdict>& batch) {
    Json entries = Json::array();
    for (const auto& [number, image] : examiner.conclude(batch)) {
      outcome.images[number] = image;
      entries.push_back(entry_of(image));
    }
    const double lap = watch.lap();
    seconds += lap;
    journal_.add(key, {{"seconds", lap}, {"images", entries}});
    done += static_cast<Index>(batch.size());
  };
  hooks.adversarial = &examiner.handed_out();
  if (stage.hand_out != HandOut::first)
    hooks.accept = [&](const std::vector<Finding>& found) { return examiner.accept(found); };
  hooks.on_look = [&](const Looks& looks) {
    progress.update(done,
                    fmt::format("robust so far {:.2f} %", per_cent(outcome.robust(), outcome.n())),
                    {looks.done, looks.most_left});
    stop_if_interrupted();
  };
  attacker_.attack(cell.attacked_mask(), stage, open, hooks);
  progress.finish();
  seconds += watch.lap();
  log_extremes(stage.norm, examiner.extremes());
  return standing();
}

CellOutcome Judge::run(const Cell& cell) {
  Stopwatch watch;
  CellOutcome outcome{.cell = cell, .p = {}, .images = {}, .stages = {}};
  std::vector<std::int32_t> targets;
  auto& broken = broken_[{cell.mask, cell.plan.name()}];
  const std::vector<Index>& classes = predictions(cell.mask);
  for (std::int32_t i = 0; i < images_.size(); ++i) {
    const bool clean = classes[i] == images_.split().labels[i];
    outcome.images.push_back({clean, {.image = i, .robust = clean}, classes[i]});
    if (!clean) continue;
    if (const auto at = broken.find(i); settings_.reuse_broken && at != broken.end()) {
      outcome.images.back() = at->second;
      outcome.reused += 1;
    } else {
      targets.push_back(i);
    }
  }
  const auto plans = stages(cell.plan);
  for (const AttackPlan& stage : plans) {
    targets = run_stage(outcome, stage, targets);
    outcome.seconds += watch.lap();
    if (plans.size() > 1 && !is_idle(stage))
      log_stage(stage.attack, static_cast<Index>(targets.size()), outcome.n(), outcome.seconds);
  }
  for (const ImageOutcome& image : outcome.images)
    if (image.clean && !image.verdict.robust) broken.emplace(image.verdict.image, image);
  return outcome;
}

}  // namespace robmask
