#include "tools/robmask/attack_result.h"

#include "attacks/intervals.h"
#include "data/imagenet.h"

namespace robmask {

namespace {

double share(Index hits, Index n) { return static_cast<double>(hits) / static_cast<double>(n); }

/// Robust accuracy after each attack of an ensemble.
Json stages_of(const AttackResult& o) {
  Json list = Json::array();
  Index standing = o.correct();
  for (const AttackName stage : stage_names(o.of)) {
    for (const Verdict& v : o.verdicts) standing -= v.clean && !v.robust && v.broken_by == stage;
    list.push_back({{"attack", to_string(stage)},
                    {"robust_accuracy", share(standing, o.n())},
                    {"interval", wilson_interval(standing, o.n())},
                    {"seconds", o.stage_seconds[list.size()]}});
  }
  return list;
}

/// The numbers of an attack beside its norm and ε.
Json terms_of(const AttackPlan& plan, Index classes) {
  using enum AttackName;
  const std::vector<AttackPlan> list = stages(plan);
  const auto any_of = [&](const std::vector<AttackName>& names) {
    return std::ranges::any_of(
        list, [&](const AttackPlan& s) { return std::ranges::count(names, s.attack) > 0; });
  };
  const bool steady =
      any_of({clean, fgsm, pgd}) || (any_of({cw}) && plan.norm == Norm::linf);  // L2's is Adam's
  Json json{{"steps", plan.attack == square ? Json() : Json(plan.steps)},
            {"step_size", steady ? Json(*plan.step_size) : Json()},
            {"start", !steady                               ? Json()
                      : plan.random_start && plan.steps > 0 ? Json("random")
                                                            : Json("zero")}};
  if (plan.attack == autoattack && plan.chain.empty())
    json["aa_version"] = to_string(plan.version);
  else
    json["restarts"] = plan.restarts;
  if (steady && any_of({pgd, cw})) json["pgd_keep"] = to_string(plan.keep);
  if (any_of({apgd_t, fab_t})) json["targets"] = std::min(plan.targets, classes - 1);
  if (any_of({square})) json.update({{"queries", plan.queries}, {"aa_compat", plan.compat}});
  return json;
}

Json per_class(const AttackResult& o, const std::vector<std::int32_t>& labels, Index classes,
               const std::vector<std::string>& names) {
  struct Counts {
    Index n = 0, correct = 0, robust = 0;
  };
  std::vector<Counts> counts(classes);
  for (const Verdict& v : o.verdicts) {
    Counts& c = counts[labels[v.image]];
    c.n += 1;
    c.correct += v.clean;
    c.robust += v.robust;
  }
  Json list = Json::array();
  for (std::size_t label = 0; label < counts.size(); ++label) {
    const auto& [n, correct, robust] = counts[label];
    if (n == 0) continue;
    list.push_back({{"class", label}});
    if (label < names.size()) list.back()["name"] = names[label];
    list.back().update(accuracies(n, correct, robust));
  }
  return list;
}

}  // namespace

std::vector<bool> robust_flags(const AttackResult& result) {
  std::vector<bool> flags;
  for (const Verdict& v : result.verdicts) flags.push_back(v.robust);
  return flags;
}

Json paired_test(const std::vector<bool>& here, const std::vector<bool>& there) {
  Index here_only = 0, there_only = 0;
  for (std::size_t i = 0; i < here.size(); ++i) {
    here_only += here[i] && !there[i];
    there_only += !here[i] && there[i];
  }
  return {{"robust_here_only", here_only},
          {"robust_there_only", there_only},
          {"p_value", mcnemar_p_value(here_only, there_only)}};
}

Json accuracies(Index n, Index correct, Index robust) {
  return {{"n", n},
          {"clean_accuracy", share(correct, n)},
          {"clean_interval", wilson_interval(correct, n)},
          {"robust_accuracy", share(robust, n)},
          {"interval", wilson_interval(robust, n)}};
}

Json result_of(const AttackResult& o, const EvaluationSettings& s, const LoadedModel& model,
               const std::vector<std::int32_t>& labels, const std::vector<std::string>& classes) {
  const AttackPlan& plan = o.of.plan;
  double perturbation = 0;
  for (const Verdict& v : o.verdicts) perturbation = std::max(perturbation, v.perturbation);
  Json result{{"mask", o.of.mask},
              {"attack", plan.name()},
              {"norm", to_string(plan.norm)},
              {"eps", o.of.eps.text}};
  result.update(accuracies(o.n(), o.correct(), o.robust()));
  result["max_perturbation"] = perturbation;
  result.update(terms_of(plan, model.info.spec.classes));
  result.update({{"seed", s.common.seed},
                 {"statistics", model.info.spec.statistics()},
                 {"precision", to_string(*s.common.precision)},
                 {"quantized", s.quantize.has_value()}});
  if (s.reuse_broken) result["reused"] = o.reused;
  if (stage_names(o.of).size() > 1) result["stages"] = stages_of(o);
  result["per_class"] = per_class(o, labels, model.info.spec.classes, classes);
  if (o.p) result["p"] = *o.p;
  result["seconds"] = o.seconds;
  return result;
}

CsvTable per_image_table(const AttackResult& o, const Split& split,
                         const std::vector<std::string>& classes) {
  const auto name = [&](Index label) {
    return label < std::ssize(classes) ? class_title(classes[label]) : std::string();
  };
  const auto number = [](Index i) { return i < 0 ? std::string() : std::to_string(i); };
  CsvTable table{split_list("mask,attack,norm,eps,image,label,clean,robust,broken_by,"
                            "broken_by_restart,broken_by_iteration,perturbation,prediction,class,"
                            "predicted_class,file"),
                 {}};
  for (const Verdict& v : o.verdicts) {
    const std::int32_t label = split.labels[v.image];
    table.rows.push_back(
        {fmt::format("{}", o.of.mask), o.of.plan.name(), to_string(o.of.plan.norm), o.of.eps.text,
         std::to_string(v.image), std::to_string(label), v.clean ? "1" : "0", v.robust ? "1" : "0",
         v.clean && !v.robust ? to_string(v.broken_by) : "", number(v.restart), number(v.iteration),
         fmt::format("{:.9g}", v.perturbation), number(v.prediction), name(label),
         name(v.prediction), split.file_of(v.image).string()});
  }
  if (!o.p) return table;
  table.columns.insert(table.columns.begin(), "p");
  for (CsvRow& row : table.rows) row.insert(row.begin(), fmt::format("{}", *o.p));
  return table;
}

}  // namespace robmask
