#include "attacks/quantize.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace robmask {

namespace {

constexpr double levels = 255,
                 slack = 1e-6;  // of a level: 8/255 is 8 levels, whatever rounding says

/// Pulls pixels back towards x, those first whose rounding moved them farthest, until ‖x_adv − x‖₂
/// ≤ ε. `exact` holds the unrounded image, all in levels.
void hold_back(std::span<double> x_adv, std::span<const double> x, std::span<const double> exact,
               double eps) {
  const auto length = [&](std::size_t i) { return std::abs(x_adv[i] - x[i]); };
  const auto outward = [&](std::size_t i) { return length(i) - std::abs(exact[i] - x[i]); };
  double squares = 0;
  std::vector<std::size_t> moved_outward;
  for (std::size_t i = 0; i < x.size(); ++i) {
    squares += length(i) * length(i);
    if (outward(i) > 0) moved_outward.push_back(i);
  }
  std::ranges::stable_sort(moved_outward, std::ranges::greater{}, outward);
  for (const std::size_t i : moved_outward) {
    if (squares <= eps * eps) return;
    squares -= 2 * length(i) - 1;  // l² − (l − 1)²
    x_adv[i] -= x_adv[i] > x[i] ? 1 : -1;
  }
}

}  // namespace

void round_to_bytes(std::span<double> x_adv, std::span<const double> x, Norm norm, double eps) {
  const double radius = levels * eps + slack;
  std::vector<double> exact, from;
  for (const double v : x_adv) exact.push_back(levels * v);
  for (const double v : x) from.push_back(std::round(levels * v));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x_adv[i] = std::clamp(std::round(exact[i]), 0.0, levels);
    if (norm == Norm::linf)
      x_adv[i] = std::clamp(x_adv[i], from[i] - std::floor(radius), from[i] + std::floor(radius));
  }
  if (norm == Norm::l2) hold_back(x_adv, from, exact, radius);
  for (double& v : x_adv) v /= levels;
}

Tensor rounded_to_bytes(const Tensor& x_adv, const Tensor& x, Norm norm, double eps) {
  std::vector<double> values = x_adv.to_doubles();
  const std::vector<double> clean = x.to_doubles();
  const auto count = static_cast<std::size_t>(x.shape().pixels() * x.shape().c);
  for (std::size_t first = 0; first < values.size(); first += count)
    round_to_bytes(std::span(values).subspan(first, count), std::span(clean).subspan(first, count),
                   norm, eps);
  return make_tensor(x.machine(), x.shape(), x.dtype(), values);
}

}  // namespace robmask
