#include "tools/robmask/reproduce/welch.h"

#include <cmath>
#include <numbers>

namespace robmask::reproduce {

double student_95(double degrees) {
  // With t = √ν tan θ the density of T becomes c cosᵛ⁻¹ θ. It is added up from 0, strip by strip, until
  // half of 0.95 is reached.
  const double c = std::exp(std::lgamma((degrees + 1) / 2) - std::lgamma(degrees / 2)) /
                   std::sqrt(std::numbers::pi);
  constexpr int strips = 100'000;
  constexpr double width = std::numbers::pi / 2 / strips;
  double missing = 0.95 / 2, theta = 0;
  for (;;) {
    const double strip = c * width * std::pow(std::cos(theta + width / 2), degrees - 1);
    if (strip >= missing) return std::sqrt(degrees) * std::tan(theta + width * missing / strip);
    missing -= strip;
    theta += width;
  }
}

double welch_half_width(const Spread& a, const Spread& b) {
  const auto square = [](double x) { return x * x; };
  const double va = square(a.std) / static_cast<double>(a.n),
               vb = square(b.std) / static_cast<double>(b.n);
  if (va + vb == 0) return 0;
  const double degrees = square(va + vb) / (square(va) / static_cast<double>(a.n - 1) +
                                            square(vb) / static_cast<double>(b.n - 1));
  return student_95(degrees) * std::sqrt(va + vb);
}

}  // namespace robmask::reproduce
