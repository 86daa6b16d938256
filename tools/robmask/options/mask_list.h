#pragma once

#include <vector>

#include "tools/robmask/options/value.h"

namespace robmask {

/// `--mask LIST` or `--mask match`: p = min(1, ε/eps_max) of the checkpoint, for each ε.
struct MaskList {
  bool match = false;
  std::vector<double> values{0};  // if not match
};

template <>
struct Value<MaskList> {
  static std::string words() { return "match or a list of numbers from 0 to 1"; }
  static bool read(std::string_view text, MaskList& masks) {
    masks.match = text == "match";
    return masks.match || (Value<std::vector<double>>::read(text, masks.values) &&
                           in_range(from_to(0, 1), masks.values));
  }
  static Json write(const MaskList& v) { return v.match ? Json("match") : Json(v.values); }
};

}  // namespace robmask
