#include "tools/robmask/comparisons.h"

#include <algorithm>

namespace robmask {

namespace {

using Group = std::vector<const AttackResult*>;

/// Results of one model, mask and ε, in their order, but for those without an attack.
std::vector<Group> groups_of(std::span<const AttackResult> results) {
  std::vector<Group> groups;
  for (const AttackResult& o : results) {
    if (o.of.plan.attack == AttackName::clean) continue;
    const auto own = std::ranges::find_if(groups, [&](const Group& group) {
      const AttackResult& first = *group.front();
      return first.p == o.p && first.of.mask == o.of.mask && first.of.plan.eps == o.of.plan.eps;
    });
    (own == groups.end() ? groups.emplace_back() : *own).push_back(&o);
  }
  return groups;
}

/// The images of which `holds` is true in all results of the group.
template <class F>
std::vector<bool> in_all(const Group& group, const F& holds) {
  std::vector<bool> flags(group.front()->verdicts.size());
  for (std::size_t i = 0; i < flags.size(); ++i)
    flags[i] = std::ranges::all_of(
        group, [&](const AttackResult* o) { return holds(*o, o->verdicts[i]); });
  return flags;
}

bool black_box(AttackName attack) { return attack == AttackName::square; }

/// Did the image withstand every attack with gradients of this result? What Square broke before
/// others tried, as in the ensemble `plus`, has not.
bool withstands_gradients(const AttackResult& o, const Verdict& v) {
  if (v.robust || !black_box(v.broken_by)) return v.robust;
  const std::vector<AttackName> names = stage_names(o.of);
  return std::all_of(std::ranges::find(names, v.broken_by), names.end(), black_box);
}

bool withstands_square(const AttackResult&, const Verdict& v) {
  return v.robust || !black_box(v.broken_by);
}

}  // namespace

Json worst_cases(std::span<const AttackResult> results) {
  Json list = Json::array();
  for (const Group& group : groups_of(results)) {
    if (group.size() < 2) continue;
    const AttackResult& first = *group.front();
    const std::vector<bool> robust =
        in_all(group, [](const AttackResult&, const Verdict& v) { return v.robust; });
    Json attacks = Json::array();
    for (const AttackResult* o : group) attacks.push_back(o->of.plan.name());
    list.push_back({{"mask", first.of.mask},
                    {"norm", to_string(first.of.plan.norm)},
                    {"eps", first.of.eps.text},
                    {"attacks", attacks}});
    list.back().update(accuracies(first.n(), first.correct(), std::ranges::count(robust, true)));
    if (first.p) list.back()["p"] = *first.p;
  }
  return list;
}

std::vector<Json> mask_pairs(std::span<const AttackResult> results, double reference) {
  std::vector<Json> pairs;
  for (const AttackResult& here : results) {
    pairs.push_back(Json::array());
    for (const AttackResult& there : results) {
      const bool alike = there.p == here.p && there.of.plan.name() == here.of.plan.name() &&
                         there.of.plan.eps == here.of.plan.eps;
      if (!alike || there.of.mask != reference || here.of.mask == reference) continue;
      Json pair{{"mask", reference}};
      pair.update(paired_test(robust_flags(here), robust_flags(there)));
      pairs.back().push_back(std::move(pair));
      break;
    }
  }
  return pairs;
}

std::vector<MaskDoubt> masked_gradients(std::span<const AttackResult> results) {
  std::vector<MaskDoubt> doubts;
  for (const Group& group : groups_of(results)) {
    std::vector<AttackName> attacks;
    for (const AttackResult* o : group)
      for (const AttackName stage : stage_names(o->of)) attacks.push_back(stage);
    const auto blind = std::ranges::count_if(attacks, black_box);
    if (blind == 0 || blind == static_cast<Index>(attacks.size())) continue;
    const auto doubt = doubt_about_gradients(in_all(group, withstands_gradients),
                                             in_all(group, withstands_square));
    if (doubt) doubts.push_back({group.front()->of.mask, *doubt});
  }
  return doubts;
}

}  // namespace robmask
