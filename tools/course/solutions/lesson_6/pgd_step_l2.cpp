#include <algorithm>
#include <cmath>

#include "tools/course/lesson_6/exercises.h"

namespace robmask::course {

namespace {

double length(const std::vector<double>& v) {
  double squares = 0;
  for (const double x : v) squares += x * x;
  return std::sqrt(squares);
}

}  // namespace

void pgd_step_l2(std::vector<double>& x_adv, const std::vector<double>& x,
                 const std::vector<double>& gradient, double alpha, double eps) {
  const double steepness = length(gradient);
  std::vector<double> delta(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    delta[i] = x_adv[i] - x[i];
    if (steepness > 0) delta[i] += alpha * (gradient[i] / steepness);
  }
  const double size = length(delta), shrink = size > eps ? eps / size : 1;
  for (std::size_t i = 0; i < x.size(); ++i)
    x_adv[i] = std::clamp(x[i] + shrink * delta[i], 0.0, 1.0);
}

}  // namespace robmask::course
