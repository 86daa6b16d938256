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

/// The images of which `holds` is true in all results of the group.
template <class F>
std::vector<bool> in_all(const Group& group, const F& holds) {
  std::vector<bool> flags(group.front()->images.size());
  for (std::size_t i = 0; i < flags.size(); ++i)
    flags[i] = std::ranges::all_of(
        group, [&](const CellOutcome* o) { return holds(*o, o->images[i].verdict); });
  return flags;
}

bool black_box(AttackName attack) { return attack == AttackName::square; }

/// Did the image withstand every attack with gradients of this result? What Square broke before others
/// tried, as in the ensemble `plus`, has not.
bool withstands_gradients(const CellOutcome& o, const Verdict& v) {
  if (v.robust || !black_box(v.broken_by)) return v.robust;
  const std::vector<AttackName> names = stage_names(o.cell);
  return std::all_of(std::ranges::find(names, v.broken_by), names.end(), black_box);
}

bool withstands_square(const CellOutcome&, const Verdict& v) {
  return v.robust || !black_box(v.broken_by);
}

}  // namespace

Json worst_cases(std::span<const CellOutcome> outcomes) {
  Json list = Json::array();
  for (const Group& group : groups_of(outcomes)) {
    if (group.size() < 2) continue;
    const CellOutcome& first = *group.front();
    const std::vector<bool> robust =
        in_all(group, [](const CellOutcome&, const Verdict& v) { return v.robust; });
    Json attacks = Json::array();
    for (const CellOutcome* o : group) attacks.push_back(o->cell.plan.name());
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
      const bool alike = there.p == here.p && there.cell.plan.name() == here.cell.plan.name() &&
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
    const auto doubt = doubt_about_gradients(in_all(group, withstands_gradients),
                                             in_all(group, withstands_square));
    if (doubt) doubts.push_back({group.front()->cell.mask, *doubt});
  }
  return doubts;
}

}  // namespace robmask
