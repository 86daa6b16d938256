#include "tools/course/lesson_2/exercises.h"

namespace robmask::course {

std::vector<double> central_differences(const Variable& x, const std::function<Variable()>& f,
                                        double h) {
  const std::vector<double> start = x.value().to_host<double>();
  std::vector<double> moved = start, differences;
  for (std::size_t i = 0; i < start.size(); ++i) {
    const auto at = [&](double value) {
      moved[i] = value;
      x.value().from_host(moved);
      return f().value().item();
    };
    differences.push_back((at(start[i] + h) - at(start[i] - h)) / (2 * h));
    moved[i] = start[i];
  }
  x.value().from_host(start);
  return differences;
}

}  // namespace robmask::course
