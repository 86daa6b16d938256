#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(InfoSettings& s) {
  Options o;
  o.add("from", s.from, "weights or run directory to describe; without it, --data").positional =
      true;
  add_file_model(o, s.model);
  add_common(o, s.common);
  return o;
}

void check(const InfoSettings& s) {
  check_common(s.common);
  check_model(s.model);
}

}  // namespace robmask
