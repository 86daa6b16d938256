// Sums over everything, in double until they are stored.

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Σ x: each image by itself, then the images in order.
template <class T>
double total_of(const Tensor& x) {
  const Rows<T> from(x);
  const Shape s = long_rows(x.shape(), from);
  std::vector<double> sums(s.n);
  parallel(s.n, s.count(), [&](Index n) {
    sums[n] = image_sum(s.pixels(), s.c, [&](Index p) {
      return [row = from(n, p)](Index c) { return static_cast<double>(row[c]); };
    });
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

void CpuBackend::sum(Sink y, Tensor x, double factor) {
  const double total = factor * dispatch(x.dtype(), [&]<class T>() { return total_of<T>(x); });
  dispatch(y.to.dtype(), [&]<class T>() {
    T& to = *y.to.data<T>();
    to = static_cast<T>(y.add ? to + total : total);
  });
}

void CpuBackend::sum_gradient(Sink dx, Tensor dy, double factor) {
  dispatch(dy.dtype(), [&]<class T>() {
    each_row(
        dx.to.shape(),
        [add = dx.add, g = static_cast<T>(factor * *dy.data<T>())](Index width, T* dx_) {
#pragma omp simd
          for (Index i = 0; i < width; ++i) dx_[i] = add ? dx_[i] + g : g;
        },
        Rows<T>(dx.to));
  });
}

}  // namespace robmask::ROBMASK_ISA
