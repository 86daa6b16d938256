#include "tools/course/lesson_3/exercises.h"

namespace robmask::course {

std::vector<Counted> slide(const std::vector<Counted>& d, const std::array<Counted, 3>& g) {
  const Counted plus = half(g[0] + g[1] + g[2]), minus = half(g[0] - g[1] + g[2]);
  std::vector<Counted> y;
  for (std::size_t i = 0; i + 3 < d.size(); i += 2) {
    const Counted m0 = (d[i] - d[i + 2]) * g[0];
    const Counted m1 = (d[i + 1] + d[i + 2]) * plus;
    const Counted m2 = (d[i + 2] - d[i + 1]) * minus;
    const Counted m3 = (d[i + 3] - d[i + 1]) * g[2];
    y.push_back(m0 + m1 + m2);
    y.push_back(m1 - m2 + m3);
  }
  return y;
}

}  // namespace robmask::course
