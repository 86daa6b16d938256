#include "training/intervals.h"

#include <algorithm>
#include <cmath>

namespace robmask {

std::array<double, 2> wilson_interval(Index hits, Index n) {
  if (n == 0) return {0, 1};
  const double z = 1.959964, trials = static_cast<double>(n);
  const double p = static_cast<double>(hits) / trials;
  const double scale = 1 + z * z / trials;
  const double centre = (p + z * z / (2 * trials)) / scale;
  const double half = z * std::sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / scale;
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace robmask
