#include "tools/robmask/options/groups.h"

namespace robmask {

void add_evaluation(Options& o, EvaluateSettings& s) {
  o.group("Attack");
  o.add("attack", s.attacks, "list of attacks");
  o.add("eps", s.eps, "list of largest perturbations", at_least(0));
  add_attack(o, s.attack);
  o.alias("attack-steps", "steps");
  o.add("restarts", s.restarts, "attempts on each image", from_to(1, 65536));
  o.group("Evaluation");
  add_batch(o, s.batch);
  o.add("split", s.split, "images to evaluate on");
  o.add("save-adversarial", s.save_adversarial, "write the attacked images, FILE.npy");
  o.add("per-image", s.per_image, "write a row an image, FILE.csv");
  o.add("against", s.against, "pair each image with another evaluation's --per-image FILE.csv");
  o.flag("resume", s.resume, "go on with an interrupted evaluation");
  add_file_model(o, s.model);
  add_common(o, s.common);
}

Options options_of(EvaluateSettings& s) {
  Options o;
  o.add("from", s.from, "weights or run directory").required = true;
  o.add("mask", s.mask, "list of mask strengths p, or match: p = min(1, eps / eps_max)");
  add_evaluation(o, s);
  return o;
}

void check_evaluation(const EvaluateSettings& s) {
  check_common(s.common);
  check_model(s.model);
  for (const Strength& eps : s.eps) check_eps("eps", eps, s.attack.norm);
}

void check(const EvaluateSettings& s) { check_evaluation(s); }

}  // namespace robmask
