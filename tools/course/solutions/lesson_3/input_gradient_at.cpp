#include "tools/course/lesson_3/exercises.h"

namespace robmask::course {

std::vector<double> input_gradient_at(const Pixel& pixel, const Tensor& dy, const Tensor& w,
                                      const Window& window) {
  const Shape y = dy.shape(), weights = w.shape();
  const Index inputs = weights.w, outputs = weights.c;
  // Which output reads coordinate x through tap k, or −1.
  const auto reader = [&](Index x, Index k, Index size) -> Index {
    const Index far = x + window.pad - k;
    return far >= 0 && far % window.stride == 0 && far / window.stride < size ? far / window.stride
                                                                              : -1;
  };
  std::vector<double> dx(inputs);
  for (Index a = 0; a < window.kernel; ++a)
    for (Index b = 0; b < window.kernel; ++b) {
      const Index i = reader(pixel.row, a, y.h), j = reader(pixel.column, b, y.w);
      if (i < 0 || j < 0) continue;
      const double* from = dy.data<double>() + ((pixel.image * y.h + i) * y.w + j) * outputs;
      const double* tap = w.data<double>() + (a * window.kernel + b) * inputs * outputs;
      for (Index ci = 0; ci < inputs; ++ci)
        for (Index co = 0; co < outputs; ++co) dx[ci] += from[co] * tap[ci * outputs + co];
    }
  return dx;
}

}  // namespace robmask::course
