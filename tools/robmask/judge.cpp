#include "tools/robmask/judge.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "tools/robmask/options/value.h"
#include "tools/robmask/session.h"
#include "training/intervals.h"
#include "training/manners.h"

namespace robmask {

namespace {

double strength_value(const std::string& text, const std::string& what) {
  Strength s;
  require(Value<Strength>::read(text, s), "{}: expected a number or a fraction, got \"{}\"", what,
          text);
  return s.value;
}

/// All that the verdicts of a cell depend on, but for the image.
std::string key_of(const std::string& name, const Cell& c, const EvaluateSettings& s) {
  return fmt::format("{}|{}|{}|seed {}|{}|{}|{}|{}|{}|{}|{}|{}|{}", name, s.common.data,
                     to_string(s.split), s.common.seed, to_string(*s.common.precision), c.mask,
                     to_string(c.plan.attack), to_string(c.plan.norm), c.eps.value,
                     c.plan.step_size, c.plan.steps, c.plan.random_start ? "random" : "zero",
                     c.plan.restarts);
}

}  // namespace

Judge::Judge(const EvaluateSettings& settings, const std::string& name, const LoadedModel& from,
             const Images& images, Journal& journal, AdversarialFile* adversarial)
    : settings_(settings),
      name_(name),
      from_(from),
      images_(images),
      journal_(journal),
      adversarial_(adversarial),
      evaluator_(*from.model, images, settings.batch, settings.common.seed) {
  per_image_.columns = {"mask",        "attack", "norm",
                        "eps",         "image",  "label",
                        "clean",       "robust", "broken_by_restart",
                        "perturbation"};
}

double Judge::matching_mask(double eps) const {
  const ModelSpec& spec = from_.info.spec;
  if (spec.masks == 1 || eps == 0) return 0;
  if (from_.info.aux_eps.empty()) {
    const double most = strength_value(from_.info.eps_max, "the checkpoint's eps_max");
    return most > 0 ? std::min(1.0, eps / most) : 0;
  }
  const auto& aux = from_.info.aux_eps;  // the auxiliary norm of nearest ε
  const auto nearest = std::min_element(aux.begin(), aux.end(), [&](double a, double b) {
    return std::abs(a - eps) < std::abs(b - eps);
  });
  return static_cast<double>(nearest - aux.begin() + 1) / static_cast<double>(aux.size());
}

std::vector<Cell> Judge::cells() const {
  const EvaluateSettings& s = settings_;
  std::vector<Cell> cells;
  const auto add = [&](double mask, AttackName attack, const Strength& eps) {
    Cell cell{mask, eps, pgd_plan(s.attack, eps.value)};
    cell.plan.attack = attack;
    switch (attack) {
      case AttackName::clean:
        cell.plan.step_size = 0;
        cell.plan.steps = 0;
        break;
      case AttackName::fgsm:  // one step of ε from the image itself
        cell.plan.step_size = eps.value;
        cell.plan.steps = 1;
        cell.plan.random_start = false;
        break;
      case AttackName::pgd: cell.plan.restarts = s.restarts; break;
      default:
        throw InputError(
            fmt::format("--attack {}: this build knows clean, fgsm and pgd", to_string(attack)));
    }
    cells.push_back(cell);
  };
  for (const double mask : s.mask.match ? std::vector{0.0} : s.mask.values) {
    check_mask(*from_.model, mask);
    for (const AttackName attack : s.attacks)
      for (const Strength& eps : s.eps)
        add(s.mask.match ? matching_mask(eps.value) : mask, attack, eps);
  }
  return cells;
}

const std::vector<bool>& Judge::clean(double p) {
  const auto [at, fresh] = clean_.try_emplace(p);
  if (fresh) {
    Progress progress(fmt::format("clean, mask {}", p), images_.size(), "image");
    at->second = evaluator_.clean(p, [&](Index done, const auto&) {
      stop_if_interrupted();
      progress.update(done);
    });
  }
  return at->second;
}

std::vector<Verdict> Judge::attack(const Cell& cell, const std::vector<std::int32_t>& targets) {
  if (cell.plan.steps == 0 || cell.plan.eps == 0) {
    std::vector<Verdict> untouched;
    for (const std::int32_t image : targets) untouched.push_back({.image = image, .robust = true});
    return untouched;
  }
  const std::string key = key_of(name_, cell, settings_);
  std::vector<Verdict> verdicts = adversarial_ ? std::vector<Verdict>{} : journal_.known(key);
  std::set<std::int32_t> known;
  Index robust = 0;
  for (const Verdict& v : verdicts) {
    known.insert(v.image);
    robust += v.robust;
  }
  std::vector<std::int32_t> open;
  for (const std::int32_t image : targets)
    if (!known.contains(image)) open.push_back(image);

  const auto before = static_cast<Index>(verdicts.size());
  Progress progress(
      fmt::format("{} {}, mask {}", to_string(cell.plan.attack), cell.eps.text, cell.mask),
      static_cast<Index>(targets.size()), "image", before);
  const auto fresh = evaluator_.attack(
      cell.mask, cell.plan, open,
      [&](Index done, const std::vector<Verdict>& batch) {
        journal_.add(key, batch);
        for (const Verdict& v : batch) robust += v.robust;
        progress.update(before + done, fmt::format("robust so far {:.2f} %",
                                                   100.0 * static_cast<double>(robust) /
                                                       static_cast<double>(before + done)));
        stop_if_interrupted();
      },
      adversarial_ ? [this](const std::vector<std::int32_t>& ids,
                            const Tensor& x_adv) { adversarial_->put(ids, x_adv); }
                   : Evaluator::OnAdversarial{});
  verdicts.insert(verdicts.end(), fresh.begin(), fresh.end());
  return verdicts;
}

void Judge::note_images(const Cell& cell, const std::vector<bool>& clean,
                        const std::vector<Verdict>& verdicts) {
  std::map<std::int32_t, const Verdict*> of;
  for (const Verdict& v : verdicts) of[v.image] = &v;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto at = of.find(static_cast<std::int32_t>(i));
    const Verdict v = at == of.end() ? Verdict{} : *at->second;
    per_image_.rows.push_back({fmt::format("{}", cell.mask), to_string(cell.plan.attack),
                               to_string(cell.plan.norm), cell.eps.text, std::to_string(i),
                               std::to_string(images_.split().labels[i]), clean[i] ? "1" : "0",
                               v.robust ? "1" : "0", v.restart < 0 ? "" : std::to_string(v.restart),
                               fmt::format("{:.9g}", v.perturbation)});
  }
}

Json Judge::run(const Cell& cell) {
  const auto started = std::chrono::steady_clock::now();
  const std::vector<bool>& hits = clean(cell.mask);
  std::vector<std::int32_t> targets;
  for (std::size_t i = 0; i < hits.size(); ++i)
    if (hits[i]) targets.push_back(static_cast<std::int32_t>(i));
  const std::vector<Verdict> verdicts = attack(cell, targets);
  note_images(cell, hits, verdicts);

  const auto n = static_cast<Index>(hits.size()), correct = static_cast<Index>(targets.size());
  Index robust = 0;
  double perturbation = 0;
  for (const Verdict& v : verdicts) {
    robust += v.robust;
    perturbation = std::max(perturbation, v.perturbation);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  return {{"mask", cell.mask},
          {"attack", to_string(cell.plan.attack)},
          {"norm", to_string(cell.plan.norm)},
          {"eps", cell.eps.text},
          {"n", n},
          {"clean_accuracy", static_cast<double>(correct) / static_cast<double>(n)},
          {"clean_interval", wilson_interval(correct, n)},
          {"robust_accuracy", static_cast<double>(robust) / static_cast<double>(n)},
          {"interval", wilson_interval(robust, n)},
          {"max_perturbation", perturbation},
          {"steps", cell.plan.steps},
          {"step_size", cell.plan.step_size},
          {"start", cell.plan.random_start && cell.plan.steps > 0 ? "random" : "zero"},
          {"restarts", cell.plan.restarts},
          {"seed", settings_.common.seed},
          {"statistics", from_.info.spec.statistics()},
          {"precision", to_string(*settings_.common.precision)},
          {"seconds", seconds.count()}};
}

}  // namespace robmask
