#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Pointers to the same elements of several tensors.
template <class T>
struct CwRows {
  T *x_adv, *w, *mean, *square;
  const T *x, *gradient;
};

template <class T>
void step(const CwRows<T>& at, T alpha, Index width) {
  for (Index i = 0; i < width; ++i) {
    const T y = at.x_adv[i];
    // by the chain rule, as y = (1 + tanh w)/2 has dy/dw = (1 − tanh² w)/2 = 2·y·(1 − y)
    const T g = (at.gradient[i] + 2 * (y - at.x[i])) * 2 * y * (1 - y);
    // Adam; alpha holds the corrections of both means
    at.mean[i] = T(0.9) * at.mean[i] + T(0.1) * g;
    at.square[i] = T(0.999) * at.square[i] + T(0.001) * g * g;
    at.w[i] -= alpha * at.mean[i] / (std::sqrt(at.square[i]) + T(1e-8));
    at.x_adv[i] = (1 + std::tanh(at.w[i])) / 2;
  }
}

}  // namespace

void CpuBackend::cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x,
                         Tensor gradient, Tensor alpha) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), w_(w), first(mean), second(square), from(x), g(gradient), rate(alpha);
    const Shape s = long_rows(x.shape(), to, w_, first, second, from, g);
    parallel(s.n, s.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p)
        step<T>({.x_adv = to(n, p),
                 .w = w_(n, p),
                 .mean = first(n, p),
                 .square = second(n, p),
                 .x = from(n, p),
                 .gradient = g(n, p)},
                *rate(n), s.c);
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
