#include <algorithm>

#include "tools/course/lesson_1/exercises.h"

namespace robmask::course {

void mirror(const Tensor& map) {
  const Shape& s = map.shape();
  const auto pixel = [&](Index row, Index column) {  // `row` counts the rows of all images
    return map.data<float>() + (row * s.w + column) * map.pitch();
  };
  for (Index row = 0; row < s.n * s.h; ++row)
    for (Index left = 0, right = s.w - 1; left < right; ++left, --right)
      std::swap_ranges(pixel(row, left), pixel(row, left) + s.c, pixel(row, right));
}

}  // namespace robmask::course
