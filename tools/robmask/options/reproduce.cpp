#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(ReproduceSettings& s) {
  Options o;
  Option& experiment = o.add("experiment", s.experiment,
                             "list of table1 … table9, figure1, figure3, figure4, claims, grid, "
                             "ablations, tradeoff, or all");
  experiment.positional = experiment.required = true;
  o.add("scale", s.scale, "how much of the paper's setting");
  o.add("only", s.only, "list of cells, by (parts of) their names");
  o.flag("dry-run", s.dry_run, "print the commands that are missing and what they will cost");
  add_common(o, s.common);
  return o;
}

void check(const ReproduceSettings& s) {
  check_common(s.common);
  require(!s.common.out.empty(), "--out: expected a folder for the results");
}

}  // namespace robmask
