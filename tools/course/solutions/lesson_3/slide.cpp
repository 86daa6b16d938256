#include "tools/course/lesson_3/exercises.h"

namespace robmask::course {

std::vector<Counted> slide(const std::vector<Counted>& d, const std::array<Counted, 3>& g) {
  const Counted plus = half(g[0] + g[1] + g[2]), minus = half(g[0] - g[1] + g[2]);
  std::vector<Counted> y;
  for (std::size_t i = 0; i + 3 < d.size(); i += 2) {
    const Counted q0 = (d[i] - d[i + 2]) * g[0];
    const Counted q1 = (d[i + 1] + d[i + 2]) * plus;
    const Counted q2 = (d[i + 2] - d[i + 1]) * minus;
    const Counted q3 = (d[i + 3] - d[i + 1]) * g[2];
    y.push_back(q0 + q1 + q2);
    y.push_back(q1 - q2 + q3);
  }
  return y;
}

}  // namespace robmask::course
