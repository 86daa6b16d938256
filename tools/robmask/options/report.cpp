#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(ReportSettings& s) {
  Options o;
  Option& runs =
      o.add("runs", s.runs, "run directories or weights files, side by side on one page");
  runs.positional = runs.several = runs.required = true;
  o.add("images", s.images, "first test images to show", from_to(1, 64));
  o.add("mask", s.masks, "list of mask strengths p, for runs with several masks", from_to(0, 1));
  o.flag("resume", s.resume, "go on with an interrupted report");
  o.group("Attack");
  o.add("eps", s.eps, "largest perturbation, in the run's norm", at_least(0), "the run's eps_max");
  add_iterations(o, s.attack);
  add_batch(o, s.batch);
  add_common(o, s.common);
  return o;
}

void check(const ReportSettings& s) {
  check_common(s.common);
  require(s.runs.size() == 1 || !s.common.out.empty(),
          "--out: expected the page to write for {} runs, such as report.html", s.runs.size());
}

}  // namespace robmask
