#include "attacks/plan.h"

#include "attacks/apgd.h"
#include "attacks/cw.h"
#include "attacks/fab.h"
#include "attacks/pgd_attack.h"
#include "attacks/square.h"

namespace robmask {

std::string AttackPlan::name() const {
  if (chain.empty()) return to_string(attack);
  std::vector<std::string> names;
  for (const AttackPlan& stage : chain) names.push_back(stage.name());
  return fmt::to_string(fmt::join(names, "+"));
}

bool AttackPlan::is_idle() const {
  if (attack == AttackName::clean || eps == 0) return true;
  return steps == 0 && attack != AttackName::square;
}

AttackPlan settled(AttackPlan plan) {
  if (!plan.step_size) plan.step_size = plan.eps / 5;
  if (plan.attack == AttackName::clean) {
    plan.steps = 0;
    plan.step_size = 0;
    plan.restarts = 1;
  } else if (plan.attack == AttackName::fgsm) {
    plan.steps = plan.restarts = 1;
    plan.step_size = plan.eps;
    plan.random_start = false;
  } else if (plan.seeks_least()) {
    plan.restarts = 1;
    plan.step_size = Cw::rate;
    plan.random_start = false;
  }
  return plan;
}

std::vector<AttackPlan> stages(const AttackPlan& plan) {
  using enum AttackName;
  if (plan.attack != autoattack) return {settled(plan)};
  std::vector<AttackPlan> list;
  for (const AttackPlan& stage : plan.chain) list.push_back(settled(stage));
  if (!list.empty()) return list;
  const auto add = [&](AttackName attack, Index restarts = 1) {
    list.push_back(plan);
    list.back().attack = attack;
    list.back().restarts = restarts;
    list.back() = settled(list.back());
  };
  switch (plan.version) {
    case AaVersion::standard:
      for (const AttackName attack : {apgd_ce, apgd_t, fab_t, square}) add(attack);
      break;
    case AaVersion::plus:
      for (const AttackName attack : {apgd_ce, apgd_dlr, fab}) add(attack, 5);
      for (const AttackName attack : {square, apgd_t, fab_t}) add(attack);
      break;
    case AaVersion::rand:  // its mean of 20 gradients is one gradient here: networks draw nothing
      for (const AttackName attack : {apgd_ce, apgd_dlr}) add(attack);
      break;
  }
  return list;
}

void check_classes(const AttackPlan& plan, Index classes) {
  const Index least = plan.attack == AttackName::apgd_t     ? 4
                      : plan.attack == AttackName::apgd_dlr ? 3
                                                            : 2;
  require(classes >= least, "attack {}: its loss compares {} classes, the model has {}{}",
          to_string(plan.attack), least, classes,
          classes > 1 ? "; use `attack` apgd-ce,fab-t,square `worst_case`" : "");
}

bool is_targeted(AttackName attack) {
  return attack == AttackName::apgd_t || attack == AttackName::fab_t;
}

std::unique_ptr<Attack> make_attack(const AttackPlan& plan, HandOut hand_out, Slots& slots,
                                    std::uint64_t seed, Index classes) {
  const Terms terms{plan.norm, plan.eps, seed, hand_out};
  const auto kind = static_cast<std::uint64_t>(plan.attack);
  const auto apgd = [&](LogitLoss loss) {
    return std::make_unique<Apgd>(slots, terms, plan.steps, loss, kind);
  };
  const auto pgd = [&](LogitLoss loss) {
    const PgdAttack::Settings details{*plan.step_size, plan.steps, plan.random_start,
                                      plan.keep == Keep::best, kind};
    return std::make_unique<PgdAttack>(slots, terms, details, loss);
  };
  switch (plan.attack) {
    case AttackName::clean:
    case AttackName::fgsm:
    case AttackName::pgd: return pgd(ce);
    case AttackName::cw:
      if (plan.seeks_least()) return std::make_unique<Cw>(slots, terms, plan.steps);
      return pgd(margin);
    case AttackName::apgd_ce: return apgd(ce);
    case AttackName::apgd_dlr: return apgd(dlr);
    case AttackName::apgd_t: return apgd(targeted_dlr);
    case AttackName::fab:
    case AttackName::fab_t:
      return std::make_unique<Fab>(slots, terms, plan.steps, plan.restarts,
                                   is_targeted(plan.attack), classes);
    case AttackName::square:
      return std::make_unique<Square>(slots, terms, plan.queries, plan.compat);
    case AttackName::autoattack: break;
  }
  throw std::logic_error("an ensemble is not one attack");
}

}  // namespace robmask
