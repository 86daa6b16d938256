#include "attacks/losses.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace robmask {

namespace {

/// The classes with the `count` largest logits, in descending order; the earlier class on a tie.
std::vector<Index> largest(Logits z, Index count) {
  std::vector<Index> order(z.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + std::min<Index>(count, static_cast<Index>(z.size()));
  std::partial_sort(order.begin(), end, order.end(),
                    [&](Index a, Index b) { return z[a] != z[b] ? z[a] > z[b] : a < b; });
  order.erase(end, order.end());
  return order;
}

Index best_other(Logits z, Index label) {
  const std::vector<Index> top = largest(z, 2);
  return top[0] == label ? top[1] : top[0];
}

/// a / b where da and db hold the gradients; writes the quotient's.
double quotient(double a, const std::vector<double>& da, double b, const std::vector<double>& db,
                LogitGradient gradient) {
  for (std::size_t c = 0; c < gradient.size(); ++c) gradient[c] = (da[c] - a / b * db[c]) / b;
  return a / b;
}

}  // namespace

double ce(Logits z, Index label, Index, LogitGradient gradient) {
  const double top = *std::ranges::max_element(z);
  double sum = 0;
  for (const double v : z) sum += std::exp(v - top);
  for (std::size_t c = 0; c < z.size(); ++c) gradient[c] = std::exp(z[c] - top) / sum;
  gradient[label] -= 1;
  return top + std::log(sum) - z[label];
}

double difference(Logits z, Index label, Index target, LogitGradient gradient) {
  std::ranges::fill(gradient, 0.0);
  gradient[target] += 1;
  gradient[label] -= 1;
  return z[target] - z[label];
}

double margin(Logits z, Index label, Index, LogitGradient gradient) {
  return difference(z, label, best_other(z, label), gradient);
}

double dlr(Logits z, Index label, Index, LogitGradient gradient) {
  const std::vector<Index> top = largest(z, 3);
  std::vector<double> of_margin(z.size()), of_scale(z.size());
  const double a = difference(z, label, best_other(z, label), of_margin);
  of_scale[top[0]] += 1;
  of_scale[top[2]] -= 1;
  return quotient(a, of_margin, z[top[0]] - z[top[2]] + 1e-12, of_scale, gradient);
}

double targeted_dlr(Logits z, Index label, Index target, LogitGradient gradient) {
  const std::vector<Index> top = largest(z, 4);
  std::vector<double> of_difference(z.size()), of_scale(z.size());
  const double a = difference(z, label, target, of_difference);
  of_scale[top[0]] += 1;
  of_scale[top[2]] -= 0.5;
  of_scale[top[3]] -= 0.5;
  const double scale = z[top[0]] - 0.5 * (z[top[2]] + z[top[3]]) + 1e-12;
  return quotient(a, of_difference, scale, of_scale, gradient);
}

Index predicted(Logits z) { return std::ranges::max_element(z) - z.begin(); }

std::vector<std::int32_t> runners_up(Logits z, Index label, Index count) {
  std::vector<Index> top = largest(z, count + 1);
  if (std::erase(top, label) == 0) top.pop_back();
  return {top.begin(), top.end()};
}

}  // namespace robmask
