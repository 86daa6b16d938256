#include <cmath>

#include "tools/course/lesson_4/exercises.h"

namespace robmask::course {

MaskGradient mask_gradient(const List& x, const List& dz, double gamma, double beta, double eps) {
  const auto rows = static_cast<double>(x.size());
  double mean = 0, variance = 0;
  for (const double v : x) mean += v / rows;
  for (const double v : x) variance += (v - mean) * (v - mean) / rows;
  const double s = 1 / std::sqrt(variance + eps);

  MaskGradient d;
  List hat, g;
  for (std::size_t r = 0; r < x.size(); ++r) {
    hat.push_back((x[r] - mean) * s);
    g.push_back(gamma * hat[r] + beta > 0 ? dz[r] : 0);
    d.gamma += g[r] * hat[r];
    d.beta += g[r];
  }
  for (std::size_t r = 0; r < x.size(); ++r)
    d.x.push_back(s * gamma * (g[r] - d.beta / rows - hat[r] * d.gamma / rows));
  return d;
}

}  // namespace robmask::course
