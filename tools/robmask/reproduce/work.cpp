#include "tools/robmask/reproduce/work.h"

#include <algorithm>

namespace robmask::reproduce {

namespace {

Index limited(Index limit, Index all) { return limit > 0 ? std::min(limit, all) : all; }

/// What follows an option of a training; empty if it is not there.
std::string option(const Training& t, const std::string& name) {
  const auto at = std::ranges::find(t.options, name);
  return at == t.options.end() ? "" : *(at + 1);
}

/// Branches of the loss: the clean images, and each strength that is trained beside them.
double branches(const Training& t) {
  if (t.method == "trades") return 2;
  if (t.method == "robmask") return option(t, "--robmask-loss") == "adv" ? 1 : 2;
  if (t.method != "advprop") return 1;
  return 2 + static_cast<double>(std::ranges::count(option(t, "--aux-eps"), ','));
}

}  // namespace

Amount counts(const std::string& data, const Amount& limits) {
  Amount all{.train = 50'000, .test = 10'000};
  if (data == "synthetic") all = {.train = 2000, .test = 500};
  if (data.starts_with("imagenet:")) all = {.train = 1'281'167, .test = 50'000};
  return {limited(limits.train, all.train), limited(limits.test, all.test), limits.batch};
}

void add_training(Work& work, const Training& t, Index epochs, const Amount& images,
                  Index attack_steps) {
  constexpr Index probed = 64, probe_steps = 10;
  const auto e = static_cast<double>(epochs), n = static_cast<double>(images.train);
  const double b = branches(t), attacks = t.method == "standard" ? 0 : std::max(1.0, b - 1);
  const std::string tuned = option(t, "--tune");  // a forward pass is half of a PGD step
  if (tuned.empty())
    work.trained += e * n * b;
  else
    work.attacked += e * n * b * (tuned == "stats" ? 0.5 : 1);
  work.attacked += e * static_cast<double>(images.test) * b / 2;  // a forward pass is half a step
  if (attacks == 0) return;
  work.attacked += e * n * attacks * static_cast<double>(attack_steps);
  work.attacked +=
      e * static_cast<double>(std::min(probed, images.train) * (attack_steps + probe_steps));
}

void add_attack(Work& work, const std::string& attack, Index images, const Scale& scale) {
  // AutoAttack: APGD-CE; what that does not break: APGD-T and FAB-T (one and a half a step) on nine
  // targets, and Square's 5,000 queries, forward passes only.
  const double autoattack_steps =
      scale.correct * 101 + scale.robust * (9 * 101 + 9 * 1.5 * 100 + 5000 / 2.0);
  const double steps = attack == "clean" ? 0
                       : attack == "pgd" ? scale.correct * static_cast<double>(scale.pgd_steps)
                                         : autoattack_steps;
  work.attacked += static_cast<double>(images) * (0.5 + steps);
}

}  // namespace robmask::reproduce
