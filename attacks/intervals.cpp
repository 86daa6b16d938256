#include "attacks/intervals.h"

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
  // Exact where rounding would miss 0 and 1, which are the ends of no hits and of hits only.
  return {hits == 0 ? 0 : std::max(0.0, centre - half),
          hits == n ? 1 : std::min(1.0, centre + half)};
}

double mcnemar_p_value(Index first_only, Index second_only) {
  // Two tails of the binomial distribution of n tosses of a fair coin: 2·Σ_{i ≤ m} C(n, i) / 2ⁿ
  const auto n = static_cast<double>(first_only + second_only);
  double tail = 0;
  for (Index i = 0; i <= std::min(first_only, second_only); ++i) {
    const auto k = static_cast<double>(i);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) -
                     n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace robmask
