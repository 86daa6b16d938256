#include "tools/robmask/comparisons.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace robmask {

namespace {

using Group = std::vector<const CellOutcome*>;

/// Results of one model, mask and ε, in their order, but for those without an attack.
std::vector<Group> groups_of(std::span<const CellOutcome> outcomes) {
  std::vector<Group> groups;
  std::map<std::tuple<double, double, double>, std::size_t> place;
  for (const CellOutcome& o : outcomes) {
    if (o.cell.plan.attack == AttackName::clean) continue;
    const auto [at, fresh] =
        place.emplace(std::tuple(o.p.value_or(-1), o.cell.mask, o.cell.plan.eps), groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(&o);
  }
  return groups;
}

/// The images that no result of the group broke by a stage of which `counts` is true.
template <class F>
std::vector<bool> withstand(const Group& group, const F& counts) {
  std::vector<bool> robust(group.front()->images.size());
  for (std::size_t i = 0; i < robust.size(); ++i)
    robust[i] = std::ranges::all_of(group, [&](const CellOutcome* o) {
      const Verdict& v = o->images[i].verdict;
      return v.robust || !counts(v.broken_by);
    });
  return robust;
}

bool black_box(AttackName attack) { return attack == AttackName::square; }

}  // namespace

Json worst_cases(std::span<const CellOutcome> outcomes) {
  Json list = Json::array();
  for (const Group& group : groups_of(outcomes)) {
    if (group.size() < 2) continue;
    const CellOutcome& first = *group.front();
    const std::vector<bool> robust = withstand(group, [](AttackName) { return true; });
    Json attacks = Json::array();
    for (const CellOutcome* o : group) attacks.push_back(to_string(o->cell.plan.attack));
    list.push_back({{"mask", first.cell.mask},
                    {"norm", to_string(first.cell.plan.norm)},
                    {"eps", first.cell.eps.text},
                    {"attacks", attacks}});
    list.back().update(accuracies(first.n(), first.correct(), std::ranges::count(robust, true)));
    if (first.p) list.back()["p"] = *first.p;
  }
  return list;
}

std::vector<Json> mask_pairs(std::span<const CellOutcome> outcomes, double reference) {
  std::vector<Json> pairs;
  for (const CellOutcome& here : outcomes) {
    pairs.push_back(Json::array());
    for (const CellOutcome& there : outcomes) {
      const bool alike = there.p == here.p && there.cell.plan.attack == here.cell.plan.attack &&
                         there.cell.plan.eps == here.cell.plan.eps;
      if (!alike || there.cell.mask != reference || here.cell.mask == reference) continue;
      Json pair{{"mask", reference}};
      pair.update(paired_test(robust_flags(here), robust_flags(there)));
      pairs.back().push_back(std::move(pair));
      break;
    }
  }
  return pairs;
}

std::vector<MaskDoubt> masked_gradients(std::span<const CellOutcome> outcomes) {
  std::vector<MaskDoubt> doubts;
  for (const Group& group : groups_of(outcomes)) {
    std::vector<AttackName> attacks;
    for (const CellOutcome* o : group)
      for (const AttackName stage : stage_names(o->cell)) attacks.push_back(stage);
    const auto blind = std::ranges::count_if(attacks, black_box);
    if (blind == 0 || blind == static_cast<Index>(attacks.size())) continue;
    const auto doubt = doubt_about_gradients(
        withstand(group, [](AttackName a) { return !black_box(a); }), withstand(group, black_box));
    if (doubt) doubts.push_back({group.front()->cell.mask, *doubt});
  }
  return doubts;
}

}  // namespace robmask
