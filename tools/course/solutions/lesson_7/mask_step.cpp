#include <numeric>

#include "tools/course/lesson_7/exercises.h"

namespace robmask::course {

MaskStep mask_step(const Table& codes, const Table& x, const std::vector<double>& w,
                   const std::vector<double>& b, const Table& dz) {
  MaskStep step{{}, std::vector<double>(w.size()), std::vector<double>(w.size())};
  for (std::size_t n = 0; n < x.size(); ++n) {
    const std::vector<double>& u = codes[n];
    const double gamma = std::inner_product(u.begin(), u.end(), w.begin(), 0.0);
    const double beta = std::inner_product(u.begin(), u.end(), b.begin(), 0.0);
    std::vector<double>& z = step.z.emplace_back();
    double dgamma = 0, dbeta = 0;
    for (std::size_t r = 0; r < x[n].size(); ++r) {
      z.push_back(std::max(gamma * x[n][r] + beta, 0.0));
      if (z.back() <= 0) continue;
      dgamma += dz[n][r] * x[n][r];
      dbeta += dz[n][r];
    }
    for (std::size_t j = 0; j < w.size(); ++j) {
      step.dw[j] += u[j] * dgamma;
      step.db[j] += u[j] * dbeta;
    }
  }
  return step;
}

}  // namespace robmask::course
