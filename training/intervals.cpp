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

double mcnemar(Index only_first, Index only_second) {
  const Index n = only_first + only_second, fewer = std::min(only_first, only_second);
  double tail = 0;  // P(X ≤ fewer), X ~ Binomial(n, ½)
  for (Index i = 0; i <= fewer; ++i) {
    const auto choose = std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1);
    tail += std::exp(choose - static_cast<double>(n) * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace robmask
