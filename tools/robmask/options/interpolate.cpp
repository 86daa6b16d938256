#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(InterpolateSettings& s) {
  Options o;
  o.add("first", s.first, "weights or run directory whose masks count p").required = true;
  o.add("second", s.second, "weights or run directory whose masks count 1 - p").required = true;
  o.add("p", s.p, "list of shares of the first", from_to(0, 1));
  o.add("mask", s.evaluate.mask, "list of mask strengths of the combined model, or match");
  o.flag("affine-only", s.affine_only, "keep the first's running statistics");
  o.add("save", s.save, "write one checkpoint with both masks (0: first, 1: second)");
  add_evaluation(o, s.evaluate);
  return o;
}

void check(const InterpolateSettings& s) { check_evaluation(s.evaluate); }

}  // namespace robmask
