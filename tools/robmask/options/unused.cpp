#include "tools/robmask/options/unused.h"

#include <set>

namespace robmask {

namespace {

using Names = std::set<std::string>;

Names unused_options(const TrainSettings& s) {
  const Names robmask{"masks", "code", "strength", "robmask-loss", "bn-stats"};
  Names names;
  switch (s.method) {
    case Method::standard:
      names = {"eps",       "norm",        "attack-steps", "step-size", "start",
               "attack-bn", "attack-mask", "beta",         "aux-eps"};
      names.insert(robmask.begin(), robmask.end());
      break;
    case Method::pgd:
      names = {"attack-mask", "beta", "aux-eps"};
      names.insert(robmask.begin(), robmask.end());
      break;
    case Method::trades:  // its own start, in eval mode, through its one mask
      names = {"start", "attack-bn", "attack-mask", "aux-eps"};
      names.insert(robmask.begin(), robmask.end());
      break;
    case Method::advprop:  // --eps only stands in for --aux-eps, or scales a random one
      names = {"beta"};
      names.insert(robmask.begin(), robmask.end());
      if (!s.aux_random && std::ranges::count(s.common.given, "aux-eps") > 0) names.insert("eps");
      break;
    case Method::robmask: names = {"beta", "aux-eps"}; break;
  }
  return names;
}

std::vector<std::string> among(const std::vector<std::string>& given, const Names& names) {
  std::vector<std::string> list;
  std::ranges::copy_if(given, std::back_inserter(list),
                       [&](const std::string& name) { return names.contains(name); });
  return list;
}

}  // namespace

std::vector<std::string> unused_by_method(const TrainSettings& s) {
  return among(s.common.given, unused_options(s));
}

std::vector<std::string> unused_by_finetuning(const TrainSettings& s) {
  Names names = unused_options(s);
  names.erase("masks");
  names.erase("bn-stats");
  names.insert("init");
  return among(s.common.given, names);
}

std::vector<std::string> unused_by_attacks(const EvaluateSettings& s) {
  const auto only = [&](std::initializer_list<AttackName> few) {
    return std::ranges::all_of(s.attacks,
                               [&](AttackName a) { return std::ranges::count(few, a) > 0; });
  };
  const bool steps = std::ranges::any_of(s.attacks, [&](AttackName a) {
    return a == AttackName::pgd || (a == AttackName::cw && s.attack.norm == Norm::linf);
  });
  Names names;
  using enum AttackName;
  if (only({clean})) names = {"eps", "norm", "restarts", "quantize"};
  if (!steps) names.insert({"step-size", "start", "pgd-keep"});
  if (only({clean, fgsm, square})) names.insert("attack-steps");
  if (!steps && only({clean, fgsm, cw, autoattack})) names.insert("restarts");
  if (only({clean, fgsm, pgd, cw, apgd_ce, apgd_dlr, apgd_t, fab, fab_t}))
    names.insert({"queries", "aa-compat"});
  if (only({clean, fgsm, pgd, cw, apgd_ce, apgd_dlr, fab, square})) names.insert("targets");
  if (only({clean, fgsm, pgd, cw, apgd_ce, apgd_dlr, apgd_t, fab, fab_t, square}))
    names.insert("aa-version");
  return among(s.common.given, names);
}

}  // namespace robmask
