#include <cmath>

#include "tools/course/lesson_4/exercises.h"

namespace robmask::course {

LensNumbers lens_of(const Masks& masks) {
  const auto blended = [&](const std::vector<List>& table, std::size_t channel) {
    double sum = 0;
    for (std::size_t j = 0; j < masks.code.size(); ++j) sum += masks.code[j] * table[j][channel];
    return sum;
  };
  LensNumbers lens;
  for (std::size_t c = 0; c < masks.mean.size(); ++c) {
    const double gamma = blended(masks.weights, c), beta = blended(masks.biases, c);
    const double scale = gamma / std::sqrt(masks.variance[c] + masks.eps);
    lens.scale.push_back(scale);
    lens.shift.push_back(beta - scale * masks.mean[c]);
  }
  return lens;
}

}  // namespace robmask::course
