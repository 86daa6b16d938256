#pragma once
// How every network ends before its linear layer.

#include "engine/ops.h"

namespace robmask {

/// The mean over the pixels of square maps, N·S·S·C → N·1·1·C.
inline Variable global_average(const Variable& x) {
  const Shape& s = x.shape();
  require(s.h == s.w, "expected square feature maps, got {}", to_string(s));
  return average_pool(x, {s.h, s.h});
}

}  // namespace robmask
