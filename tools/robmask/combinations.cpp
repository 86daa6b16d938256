#include "tools/robmask/combinations.h"

#include <cmath>

#include "tools/robmask/options/value.h"
#include "training/terminal.h"

namespace robmask {

namespace {

double strength_value(const std::string& text, const std::string& what) {
  Strength s;
  require(Value<Strength>::read(text, s), "{}: expected a number or a fraction, got \"{}\"", what,
          text);
  return s.value;
}

/// --mask match: p = min(1, ε/eps_max), or the knot of the auxiliary norm of nearest ε.
double matching_mask(const CheckpointInfo& info, double eps) {
  if (info.spec.masks == 1 || eps == 0) return 0;
  if (info.aux_eps.empty()) {
    const double most = strength_value(info.eps_max, "the checkpoint's eps_max");
    return most > 0 ? std::min(1.0, eps / most) : 0;
  }
  const auto& aux = info.aux_eps;
  const auto nearest = std::min_element(aux.begin(), aux.end(), [&](double a, double b) {
    return std::abs(a - eps) < std::abs(b - eps);
  });
  return static_cast<double>(nearest - aux.begin() + 1) / static_cast<double>(aux.size());
}

AttackPlan plan_of(const EvaluationSettings& s, AttackName attack, double eps) {
  AttackPlan plan = s.attack.pgd(eps);
  plan.attack = attack;
  plan.restarts = s.restarts;
  plan.keep = s.keep;
  plan.queries = s.queries;
  plan.targets = s.targets;
  plan.version = s.aa_version;
  plan.compat = s.aa_compat;
  return settled(plan);
}

/// Attacks that make one plan: each alone, or with --worst-case all of them.
std::vector<std::vector<AttackName>> attack_lists(const EvaluationSettings& s) {
  if (s.worst_case) return {s.attacks};
  std::vector<std::vector<AttackName>> lists;
  for (const AttackName attack : s.attacks) lists.push_back({attack});
  return lists;
}

/// Several attacks run one after the other, each on what those before it left standing.
AttackPlan plan_of(const EvaluationSettings& s, const std::vector<AttackName>& attacks,
                   double eps) {
  if (attacks.size() == 1) return plan_of(s, attacks.front(), eps);
  AttackPlan plan = plan_of(s, AttackName::autoattack, eps);
  for (const AttackName attack : attacks)
    for (const AttackPlan& stage : stages(plan_of(s, attack, eps)))
      if (std::ranges::count(plan.chain, stage.attack, &AttackPlan::attack) == 0)
        plan.chain.push_back(stage);
  return plan;
}

/// The mask that attacks on the model at `mask` go through.
double attacked_mask(const EvaluationSettings& s, const LoadedModel& source, double mask) {
  if (!s.transfers()) return mask;
  const double p = s.source_mask ? *s.source_mask : source.info.spec.masks == 1 ? 0 : mask;
  source.model->check_mask(p);
  return p;
}

}  // namespace

std::vector<Combination> combinations_of(const EvaluationSettings& s, const LoadedModel& model,
                                         const LoadedModel& source) {
  require(source.info.spec.classes == model.info.spec.classes,
          "--source {}: expected a model of {} classes like {}, got {}", s.source,
          model.info.spec.classes, s.from, source.info.spec.classes);
  const auto &own = model.info.class_names, &others = source.info.class_names;
  require(own.empty() || others.empty() || own == others,
          "--source {}: expected a model of the classes of {}, in the same order", s.source,
          s.from);
  std::vector<Strength> strengths = s.eps;
  if (s.reuse_broken) std::ranges::stable_sort(strengths, {}, &Strength::value);
  std::vector<Combination> all;
  if (s.mask.match && model.info.spec.masks > 1 && model.info.unsaid.contains("eps_max"))
    warn(fmt::format("--mask match: the weights do not say their eps_max; {} is assumed",
                     model.info.eps_max));
  for (const double mask : s.mask.match ? std::vector{0.0} : s.mask.values) {
    model.model->check_mask(mask);
    for (const std::vector<AttackName>& attacks : attack_lists(s))
      for (const Strength& eps : strengths) {
        const double p = s.mask.match ? matching_mask(model.info, eps.value) : mask;
        all.push_back({p, eps, plan_of(s, attacks, eps.value), attacked_mask(s, source, p)});
        for (const AttackPlan& stage : stages(all.back().plan))
          if (stage.attack != AttackName::clean) check_classes(stage, model.info.spec.classes);
      }
  }
  return all;
}

std::vector<AttackName> stage_names(const Combination& combination) {
  std::vector<AttackName> names;
  for (const AttackPlan& stage : stages(combination.plan)) names.push_back(stage.attack);
  return names;
}

}  // namespace robmask
