#include <cmath>

#include "engine/cuda/elements.h"

namespace robmask::cuda {

namespace {

template <class T>
struct CwStep {
  Rows<T> x_adv, w, mean, square, x, gradient, alpha;
  unsigned pixels;

  GPU_DEVICE void operator()(Index r, Index c) const {
    const Index n = static_cast<unsigned>(r) / pixels, p = static_cast<unsigned>(r) % pixels;
    T &y = x_adv(n, p)[c], &v = w(n, p)[c], &first = mean(n, p)[c], &second = square(n, p)[c];
    const T g = (gradient(n, p)[c] + 2 * (y - x(n, p)[c])) * 2 * y * (1 - y);
    first = T(0.9) * first + T(0.1) * g;
    second = T(0.999) * second + T(0.001) * g * g;
    v -= *alpha(n) * first / (std::sqrt(second) + T(1e-8));
    y = (1 + std::tanh(v)) / 2;
  }
};

}  // namespace

void CudaBackend::cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x,
                          Tensor gradient, Tensor alpha) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), w_(w), first(mean), second(square), from(x), g(gradient);
    const Shape s = long_rows(x.shape(), to, w_, first, second, from, g);
    each_element(stream_, s,
                 CwStep<T>{.x_adv = to,
                           .w = w_,
                           .mean = first,
                           .square = second,
                           .x = from,
                           .gradient = g,
                           .alpha = Rows<T>(alpha),
                           .pixels = static_cast<unsigned>(s.pixels())});
  });
}

}  // namespace robmask::cuda
