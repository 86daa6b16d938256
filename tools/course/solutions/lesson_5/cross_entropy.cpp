#include <algorithm>
#include <cmath>

#include "tools/course/lesson_5/exercises.h"

namespace robmask::course {

LossAndGradient cross_entropy(std::span<const double> logits, Index label) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double z : logits) sum += std::exp(z - largest);
  LossAndGradient result{std::log(sum) + largest - logits[label], {}};
  for (const double z : logits) result.gradient.push_back(std::exp(z - largest) / sum);
  result.gradient[label] -= 1;
  return result;
}

}  // namespace robmask::course
