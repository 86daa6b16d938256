#include "tools/robmask/judge.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>

#include "training/manners.h"

namespace robmask {

namespace {

Json entry_of(const ImageOutcome& o) {
  const Verdict& v = o.verdict;
  return {v.image,        v.robust,    to_string(v.broken_by), v.restart, v.iteration,
          v.perturbation, o.prediction};
}

ImageOutcome outcome_from(const Json& entry) {
  const auto broken_by = from_string<AttackName>(entry.at(2).get<std::string>());
  return {true,
          {entry.at(0), entry.at(1), broken_by, entry.at(3), entry.at(4), entry.at(5)},
          entry.at(6)};
}

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
  for (Index first = 0; first < images_.size(); first += settings_.batch) {
    std::vector<std::int32_t> ids(std::min(settings_.batch, images_.size() - first));
    std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(first));
    const std::vector<Index> classes = classes_of(evaluator_.logits(p, ids));
    at->second.insert(at->second.end(), classes.begin(), classes.end());
    progress.update(first + static_cast<Index>(ids.size()));
    stop_if_interrupted();
  }
  return at->second;
}

std::vector<std::int32_t> Judge::recall(CellOutcome& outcome, const std::string& key,
                                        const std::vector<std::int32_t>& targets) const {
  if (adversarial_) return targets;  // a journal keeps no images
  std::set<std::int32_t> known;
  for (const Json& batch : journal_.known(key))
    for (const Json& entry : batch) {
      const ImageOutcome image = outcome_from(entry);
      outcome.images[image.verdict.image] = image;
      known.insert(image.verdict.image);
    }
  std::vector<std::int32_t> open;
  std::ranges::copy_if(targets, std::back_inserter(open),
                       [&](std::int32_t image) { return !known.contains(image); });
  return open;
}

std::vector<std::int32_t> Judge::run_stage(CellOutcome& outcome, const AttackPlan& stage,
                                           const std::vector<std::int32_t>& targets) {
  const Cell& cell = outcome.cell;
  const std::string attack = to_string(stage.attack);
  const std::string key = fmt::format("{}|mask {}|{}|{}|eps {}", name_, cell.mask,
                                      to_string(cell.plan.attack), attack, stage.eps);
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
  Examiner examiner(*from_.model, images_, cell.mask, stage, settings_.quantize.has_value(),
                    adversarial_);
  Evaluator::Hooks hooks;
  hooks.on_batch = [&](Index, const std::vector<Verdict>& batch) {
    Json entries = Json::array();
    for (const ImageOutcome& image : examiner.conclude(batch)) {
      outcome.images[image.verdict.image] = image;
      entries.push_back(entry_of(image));
    }
    journal_.add(key, entries);
    done += static_cast<Index>(batch.size());
  };
  hooks.adversarial = [&](const std::vector<std::int32_t>& ids, const Tensor& x_adv) {
    examiner.look(ids, x_adv);
  };
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
  log_extremes(stage.norm, examiner.extremes());
  return standing();
}

CellOutcome Judge::run(const Cell& cell) {
  const auto started = std::chrono::steady_clock::now();
  CellOutcome outcome{.cell = cell, .p = {}, .images = {}};
  std::vector<std::int32_t> targets;
  auto& broken = broken_[{cell.mask, cell.plan.attack}];
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
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  };
  const auto plans = cell.idle() ? std::vector<AttackPlan>{} : stages(cell.plan);
  for (const AttackPlan& stage : plans) {
    targets = run_stage(outcome, stage, targets);
    if (plans.size() > 1)
      log_stage(stage.attack, static_cast<Index>(targets.size()), outcome.n(), seconds());
  }
  for (const ImageOutcome& image : outcome.images)
    if (image.clean && !image.verdict.robust) broken.emplace(image.verdict.image, image);
  outcome.seconds = seconds();
  return outcome;
}

}  // namespace robmask
