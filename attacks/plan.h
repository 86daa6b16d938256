#pragma once
// Attacks by name: what one is asked to do, and the attacks it is made of.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attacks/attack.h"
#include "engine/choice.h"

namespace robmask {

constexpr auto names(Norm) {
  using enum Norm;
  return std::to_array<Named<Norm>>({{linf, "linf"}, {l2, "l2"}});
}

enum class AttackName {
  clean,
  fgsm,
  pgd,
  cw,
  apgd_ce,
  apgd_dlr,
  apgd_t,
  fab_t,
  square,
  autoattack,
  fab
};
constexpr auto names(AttackName) {
  using enum AttackName;
  return std::to_array<Named<AttackName>>({{clean, "clean"},
                                           {fgsm, "fgsm"},
                                           {pgd, "pgd"},
                                           {cw, "cw"},
                                           {apgd_ce, "apgd-ce"},
                                           {apgd_dlr, "apgd-dlr"},
                                           {apgd_t, "apgd-t"},
                                           {fab_t, "fab-t"},
                                           {square, "square"},
                                           {autoattack, "autoattack"},
                                           {fab, "fab"}});
}

/// Which ensemble AutoAttack is (Croce & Hein 2020): the usual four attacks; six, with five
/// restarts of the untargeted ones; or the two for randomized defences.
enum class AaVersion { standard, plus, rand };
constexpr auto names(AaVersion) {
  using enum AaVersion;
  return std::to_array<Named<AaVersion>>({{standard, "standard"}, {plus, "plus"}, {rand, "rand"}});
}

/// Which of its points PGD gives back: the last, or the one of highest loss.
enum class Keep { last, best };
constexpr auto names(Keep) {
  using enum Keep;
  return std::to_array<Named<Keep>>({{last, "last"}, {best, "best"}});
}

/// One attack at one strength. The defaults are those of the official AutoAttack
/// (fra31/auto-attack).
struct AttackPlan {
  AttackName attack = AttackName::pgd;
  Norm norm = Norm::linf;
  double eps = 0;
  std::optional<double> step_size = {};  // PGD, C&W in L∞; empty: ε/5
  Index steps = 100;         // iterations of PGD, C&W (in L2: of each search step), APGD and FAB
  bool random_start = true;  // PGD, C&W in L∞
  Index restarts = 1;        // not of autoattack, whose version says them
  Keep keep = Keep::last;    // PGD, C&W in L∞
  Index queries = 5000;      // Square: proposals after the start
  Index targets = 9;         // APGD-T, FAB-T: target classes, at most classes − 1
  AaVersion version = AaVersion::standard;
  bool compat = false;  // Square: one square for all images of an iteration, as in the original
  std::vector<AttackPlan> chain = {};  // of autoattack: other attacks than those of its version

  /// "pgd"; "apgd-ce+square" of a chain.
  std::string name() const;
  /// C&W in L2 seeks the least perturbation; in L∞ it is PGD on the margin.
  bool seeks_least() const { return attack == AttackName::cw && norm == Norm::l2; }
  /// Does it leave every image as it is: no ball, or no steps? (Square counts queries.)
  bool is_idle() const;
};

/// The plan with the numbers that its attack's name says: FGSM is one step of ε from the image
/// itself, C&W in L2 has Adam's rate and one run from there, clean takes no step.
AttackPlan settled(AttackPlan plan);

/// The attacks that a plan runs one after the other, settled, each on the survivors of those before
/// it: those of autoattack's chain or version, else the plan itself.
std::vector<AttackPlan> stages(const AttackPlan& plan);

/// Throws InputError if the loss of `plan` needs more classes than there are: DLR 3, targeted DLR
/// 4.
void check_classes(const AttackPlan& plan, Index classes);

/// Does it aim its runs at classes?
bool is_targeted(AttackName attack);

/// The attack of one stage at work in `slots`, on a network of so many classes.
std::unique_ptr<Attack> make_attack(const AttackPlan& plan, HandOut hand_out, Slots& slots,
                                    std::uint64_t seed, Index classes);

}  // namespace robmask
