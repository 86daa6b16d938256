#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(ExportSettings& s) {
  Options o;
  o.add("from", s.from, "weights or run directory").required = true;
  o.add("mask", s.mask, "mask strength p", from_to(0, 1));
  add_file_model(o, s.model);
  add_common(o, s.common);
  return o;
}

void check(const ExportSettings& s) {
  check_common(s.common);
  check_model(s.model);
  require(!s.common.out.empty(), "--out: expected the file to write, got nothing");
}

}  // namespace robmask
