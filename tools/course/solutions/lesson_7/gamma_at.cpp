#include <algorithm>
#include <cmath>

#include "tools/course/lesson_7/exercises.h"

namespace robmask::course {

std::vector<double> gamma_at(const Table& masks, double p) {
  const double place = p * static_cast<double>(masks.size() - 1);
  std::vector<double> gamma(masks[0].size(), 0.0);
  for (std::size_t j = 0; j < masks.size(); ++j) {
    const double u = std::max(0.0, 1 - std::abs(place - static_cast<double>(j)));
    for (std::size_t c = 0; c < gamma.size(); ++c) gamma[c] += u * masks[j][c];
  }
  return gamma;
}

}  // namespace robmask::course
