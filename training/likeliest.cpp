#include "training/likeliest.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace robmask {

namespace {

std::vector<Likely> likeliest_of(std::span<const double> logits,
                                 const std::vector<std::string>& names, Index top) {
  if (!std::ranges::all_of(logits, [](double z) { return std::isfinite(z); }))
    throw RunError(
        "the logits of an image are not finite: the weights overflow; are they damaged?");
  const double largest = std::ranges::max(logits);
  double sum = 0;
  for (const double z : logits) sum += std::exp(z - largest);
  std::vector<Likely> classes;
  for (std::size_t k = 0; k < logits.size(); ++k)
    classes.push_back({static_cast<Index>(k), names.empty() ? fmt::format("class {}", k) : names[k],
                       logits[k], std::exp(logits[k] - largest) / sum});
  std::ranges::stable_sort(classes, std::ranges::greater{}, &Likely::logit);
  classes.resize(std::min<std::size_t>(classes.size(), top));
  return classes;
}

}  // namespace

std::vector<std::vector<Likely>> likeliest(const Tensor& logits,
                                           const std::vector<std::string>& names, Index top) {
  const std::vector<double> all = logits.to_doubles();
  const Index classes = logits.shape().c;
  std::vector<std::vector<Likely>> rows;
  for (Index i = 0; i < logits.shape().n; ++i)
    rows.push_back(likeliest_of(std::span(all).subspan(i * classes, classes), names, top));
  return rows;
}

}  // namespace robmask
