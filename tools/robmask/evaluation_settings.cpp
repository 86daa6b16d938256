#include "tools/robmask/evaluation_settings.h"

#include "tools/robmask/options/attack.h"

namespace robmask {

void add_evaluation(Options& o, EvaluationSettings& s) {
  o.group("Attack");
  o.add("attack", s.attacks, "list of attacks");
  o.flag("worst-case", s.worst_case, "run the list as one attack, each on the survivors so far");
  o.add("eps", s.eps, "list of largest perturbations; see --reuse-broken", at_least(0));
  add_attack(o, s.attack);
  o.find("attack-steps")->alias = "steps";
  o.add("restarts", s.restarts, "attempts on each image", from_to(1, 65536));
  o.add("queries", s.queries, "proposals of square", from_to(1, largest));
  o.add("targets", s.targets, "classes that apgd-t and fab-t aim at", from_to(1, 1000));
  o.add("pgd-keep", s.keep, "the iterate of pgd and cw that counts");
  o.add("aa-version", s.aa_version, "which autoattack");
  o.flag("aa-compat", s.aa_compat, "square as in the original: one square for all images");
  o.add("quantize", s.quantize, "round attacked images to so many bits", from_to(8, 8), "off");
  o.group("Evaluation");
  add_batch(o, s.batch);
  o.add("split", s.split, "images to evaluate on");
  o.add("save-adversarial", s.save_adversarial, "write the attacked images, FILE.npy");
  o.add("save-adversarial-png", s.save_pictures, "write them as PNG files, FOLDER/test/<class>/");
  o.add("per-image", s.per_image, "write a row an image, FILE.csv");
  o.add("against", s.against, "pair each image with another evaluation's --per-image FILE.csv");
  o.add("against-mask", s.against_mask, "pair every mask with this one", from_to(0, 1),
        "the first of --mask");
  o.add("format", s.format, "of the tables that are printed");
  o.flag("per-class", s.per_class, "print a table of classes");
  o.flag("reuse-broken", s.reuse_broken,
         "what a smaller eps broke counts at larger ones; else each eps attacks every image");
  o.add("corruptions", s.corruptions, "also evaluate a folder laid out as CIFAR-10-C");
  o.add("robustbench-json", s.robustbench_json, "write an entry of RobustBench, FILE.json");
  o.add("checks", s.checks, "of the evaluation itself: is it believable?");
  o.flag("resume", s.resume, "go on with an interrupted evaluation");
  add_file_network(o, s.network);
  add_common(o, s.common);
}

void add_options(Options& o, EvaluationSettings& s) {
  o.add("from", s.from, "weights or run directory").required = true;
  o.add("mask", s.mask, "list of mask strengths p, or match: p = min(1, eps / eps_max)").choices = {
      "match"};
  o.group("Transfer");
  o.add("source", s.source, "make the attacked images on these weights or run directory instead");
  o.add("source-mask", s.source_mask, "and through this mask", from_to(0, 1),
        "the mask that is judged; 0 for a source with one");
  add_evaluation(o, s);
  add_processes(o, s.common);
}

void check_evaluation(const EvaluationSettings& s) {
  for (const Strength& eps : s.eps) check_eps("eps", eps, s.attack.norm);
  require(
      !s.worst_case || std::ranges::count(s.attacks, AttackName::clean) == 0,
      "--worst-case: expected attacks only in --attack, got clean, whose accuracy is told anyway");
  require(!s.common.json || s.format == Format::text,
          "--format {}: expected no --json beside it: one of them can be printed",
          to_string(s.format));
  require(s.save_pictures.empty() || s.quantize,
          "--save-adversarial-png: expected --quantize 8 beside it: a PNG holds whole levels only");
  if (s.against_mask) {
    const auto& masks = s.mask.values;
    require(!s.mask.match && std::ranges::count(masks, *s.against_mask) > 0,
            "--against-mask: expected a mask of --mask {}, got {}",
            s.mask.match ? "match" : fmt::to_string(fmt::join(masks, ",")), *s.against_mask);
  }
}

std::set<std::string> unused_by_attacks(const EvaluationSettings& s) {
  using enum AttackName;
  const auto any_of = [&](std::initializer_list<AttackName> few) {
    return std::ranges::any_of(s.attacks,
                               [&](AttackName a) { return std::ranges::count(few, a) > 0; });
  };
  const bool steps = any_of({pgd}) || (any_of({cw}) && s.attack.norm == Norm::linf);
  std::set<std::string> names;
  if (std::ranges::count(s.attacks, clean) == std::ssize(s.attacks))
    names = {"eps", "norm", "restarts", "quantize"};
  if (!steps) names.insert({"step-size", "start", "pgd-keep"});
  if (!any_of({pgd, cw, apgd_ce, apgd_dlr, apgd_t, fab, fab_t, autoattack}))
    names.insert("attack-steps");
  if (!steps && !any_of({apgd_ce, apgd_dlr, apgd_t, fab, fab_t, square})) names.insert("restarts");
  if (!any_of({square, autoattack})) names.insert({"queries", "aa-compat"});
  if (!any_of({apgd_t, fab_t, autoattack})) names.insert("targets");
  if (!any_of({autoattack})) names.insert("aa-version");
  return names;
}

}  // namespace robmask
