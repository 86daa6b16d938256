// Softmax of rows of channels. Sums are in double.

#include "engine/cpu/rows.h"
#include "engine/exponential.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// f(r) for each row, some rows at a time.
template <class F>
void each_pixel_row(const Shape& s, const F& f) {
  constexpr Index together = 32;
  parallel((s.rows() + together - 1) / together, s.count(), [&](Index i) {
    for (Index r = i * together; r < std::min((i + 1) * together, s.rows()); ++r) f(r);
  });
}

}  // namespace

void CpuBackend::softmax(Tensor y, Tensor x) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y), from(x);
    each_pixel_row(s, [&](Index r) {
      T* y_ = to(0, r);
      const T *x_ = from(0, r), top = *std::max_element(x_, x_ + s.c);
#pragma omp simd
      for (Index c = 0; c < s.c; ++c) y_[c] = decay(x_[c] - top);
      const double sum = image_sum(
          1, s.c, [&](Index) { return [y_](Index c) { return static_cast<double>(y_[c]); }; });
      const T factor = static_cast<T>(1 / sum);
#pragma omp simd
      for (Index c = 0; c < s.c; ++c) y_[c] *= factor;
    });
  });
}

void CpuBackend::softmax_gradient(Sink dx, Tensor dy, Tensor y) {
  const Shape& s = y.shape();
  dispatch(y.dtype(), [&]<class T>() {
    const Rows<T> to(dx.to), from(dy), forward(y);
    each_pixel_row(s, [&](Index r) {
      T* dx_ = to(0, r);
      const T *dy_ = from(0, r), *y_ = forward(0, r);
      const T mean = static_cast<T>(image_sum(1, s.c, [&](Index) {
        return [=](Index c) { return static_cast<double>(dy_[c]) * y_[c]; };
      }));
#pragma omp simd
      for (Index c = 0; c < s.c; ++c) {
        const T g = y_[c] * (dy_[c] - mean);
        dx_[c] = dx.add ? dx_[c] + g : g;
      }
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
