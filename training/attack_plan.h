#pragma once
// What an attack is asked to do, and the attacks it is made of.

#include <memory>
#include <string>
#include <vector>

#include "attacks/attack.h"
#include "training/settings.h"

namespace robmask {

/// One attack at one strength. The defaults are those of the official AutoAttack (fra31/auto-attack).
struct AttackPlan {
  AttackName attack = AttackName::pgd;
  Norm norm = Norm::linf;
  double eps = 0;
  double step_size = 0;      // PGD, C&W in L∞
  Index steps = 100;         // iterations of PGD, C&W (in L2: of each search step), APGD and FAB
  bool random_start = true;  // PGD, C&W in L∞
  Index restarts = 1;        // not of autoattack, whose version says them
  Keep keep = Keep::last;    // PGD, C&W in L∞
  Index queries = 5000;      // Square: proposals after the start
  Index targets = 9;         // APGD-T, FAB-T: target classes, at most classes − 1
  AaVersion version = AaVersion::standard;
  bool compat = false;  // Square: one square for all images of an iteration, as in the original
  HandOut hand_out = HandOut::first;
  std::vector<AttackPlan> chain = {};  // of autoattack: other attacks than those of its version

  /// "pgd"; "apgd-ce+square" of a chain.
  std::string name() const;
  /// C&W in L2 seeks the least perturbation; in L∞ it is PGD on the margin.
  bool seeks_least() const { return attack == AttackName::cw && norm == Norm::l2; }
};

/// PGD as the settings describe it, at this ε.
AttackPlan pgd_plan(const AttackSettings& settings, double eps);

/// The attacks that a plan runs one after the other, each on the survivors of those before it: those of
/// autoattack's chain or version, else the plan itself.
std::vector<AttackPlan> stages(const AttackPlan& plan);

/// Throws InputError if the loss of `plan` needs more classes than there are: DLR 3, targeted DLR 4.
void check_classes(const AttackPlan& plan, Index classes);

/// Does it aim its runs at classes?
bool is_targeted(AttackName attack);

/// The attack of one stage at work in `slots`.
std::unique_ptr<Attack> make_attack(const AttackPlan& plan, Slots& slots, std::uint64_t seed,
                                    Index classes);

}  // namespace robmask
