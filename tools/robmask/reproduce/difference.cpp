#include <cmath>
#include <numbers>

#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

double student_95(double degrees) {
  // With t = √ν tan θ the density of T becomes c cosᵛ⁻¹ θ. It is added up from 0, strip by strip,
  // until half of 0.95 is reached.
  const double c = std::exp(std::lgamma((degrees + 1) / 2) - std::lgamma(degrees / 2)) /
                   std::sqrt(std::numbers::pi);
  constexpr double width = std::numbers::pi / 2 / 100'000;
  double missing = 0.95 / 2, theta = 0;
  for (;;) {
    const double strip = c * width * std::pow(std::cos(theta + width / 2), degrees - 1);
    if (strip >= missing) return std::sqrt(degrees) * std::tan(theta + width * missing / strip);
    missing -= strip;
    theta += width;
  }
}

Finding difference_of(const Finding& a, const Finding& b) {
  const auto square = [](double x) { return x * x; };
  Finding d{.value = a.value - b.value, .n = a.n};
  double below = 0, above = 0;
  if (a.std && b.std) {
    const double va = square(*a.std) / static_cast<double>(a.n),
                 vb = square(*b.std) / static_cast<double>(b.n);
    const double degrees = square(va + vb) / (square(va) / static_cast<double>(a.n - 1) +
                                              square(vb) / static_cast<double>(b.n - 1));
    if (va + vb > 0) below = above = student_95(degrees) * std::sqrt(va + vb);
  } else if (a.interval && b.interval) {
    below = std::hypot(a.value - (*a.interval)[0], (*b.interval)[1] - b.value);
    above = std::hypot((*a.interval)[1] - a.value, b.value - (*b.interval)[0]);
  } else {
    return d;
  }
  d.interval = {{d.value - below, d.value + above}};
  return d;
}

}  // namespace robmask::reproduce
