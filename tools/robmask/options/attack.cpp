#include "tools/robmask/options/attack.h"

#include "tools/robmask/options/common.h"

namespace robmask {

void add_attack(Options& o, AttackSettings& a) {
  o.add("norm", a.norm, "of the perturbation");
  add_iterations(o, a);
}

void add_iterations(Options& o, AttackSettings& a) {
  o.add("attack-steps", a.steps, "iterations of the attack", from_to(0, largest));
  o.add("step-size", a.step_size, "a number or fraction; eps/5 is a fifth of the strength in force",
        at_least(0));
  o.add("start", a.start, "uniform in the ball, or the image");
}

void check_eps(const std::string& option, const Strength& eps, Norm norm) {
  require(norm != Norm::linf || eps.value <= 1,
          "--{}: expected at most 1 with --norm linf, since pixels lie in [0,1], got \"{}\"",
          option, eps.text);
}

}  // namespace robmask
