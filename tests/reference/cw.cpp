#include <cmath>

#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x,
                               Tensor gradient, Tensor alpha) {
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(x_adv), free(w), m(mean), v(square), in(x), slope(gradient), rate(alpha);
    for_each(x.shape(), [&](Index n, auto... at) {
      const double y = out(n, at...), tanh = 2 * y - 1;
      const double g = (slope(n, at...) + 2 * (y - in(n, at...))) * (1 - tanh * tanh) / 2;
      const double first = 0.9 * m(n, at...) + (1 - 0.9) * g;
      const double second = 0.999 * v(n, at...) + (1 - 0.999) * g * g;
      const double next = free(n, at...) - rate.row(n) * first / (std::sqrt(second) + 1e-8);
      m(n, at...) = static_cast<T>(first);
      v(n, at...) = static_cast<T>(second);
      free(n, at...) = static_cast<T>(next);
      out(n, at...) = static_cast<T>((1 + std::tanh(next)) / 2);
    });
  });
}

}  // namespace robmask
