// Passes that treat every element, or every channel, alike.

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

void CpuBackend::scale(Sink y, Tensor x, double factor) {
  dispatch(x.dtype(), [&]<class T>() {
    each_row(
        x.shape(),
        [add = y.add, f = static_cast<T>(factor)](Index width, T* y_, const T* x_) {
#pragma omp simd
          for (Index i = 0; i < width; ++i) y_[i] = add ? y_[i] + f * x_[i] : f * x_[i];
        },
        Rows<T>(y.to), Rows<T>(x));
  });
}

void CpuBackend::add(Tensor y, Tensor a, Tensor b) {
  dispatch(y.dtype(), [&]<class T>() {
    each_row(
        y.shape(),
        [](Index width, T* y_, const T* a_, const T* b_) {
#pragma omp simd
          for (Index i = 0; i < width; ++i) y_[i] = a_[i] + b_[i];
        },
        Rows<T>(y), Rows<T>(a), Rows<T>(b));
  });
}

void CpuBackend::multiply(Sink y, Tensor a, Tensor b) {
  dispatch(a.dtype(), [&]<class T>() {
    each_row(
        a.shape(),
        [add = y.add](Index width, T* y_, const T* a_, const T* b_) {
#pragma omp simd
          for (Index i = 0; i < width; ++i) y_[i] = add ? y_[i] + a_[i] * b_[i] : a_[i] * b_[i];
        },
        Rows<T>(y.to), Rows<T>(a), Rows<T>(b));
  });
}

void CpuBackend::affine(Sink y, Tensor x, Tensor scale, Tensor shift) {
  // y, x: N·H·W·C   scale, shift: C
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y.to), from(x);
    std::vector<T> factors(s.c, T(1)), offsets(s.c, T(0));
    if (scale) std::copy_n(scale.data<T>(), s.c, factors.data());
    if (shift) std::copy_n(shift.data<T>(), s.c, offsets.data());
    parallel(s.n, s.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) {
        T* y_ = to(n, p);
        const T *x_ = from(n, p), *factor = factors.data(), *offset = offsets.data();
#pragma omp simd
        for (Index c = 0; c < s.c; ++c) {
          const T value = x_[c] * factor[c] + offset[c];
          y_[c] = y.add ? y_[c] + value : value;
        }
      }
    });
  });
}

void CpuBackend::bias_gradient(Sink db, Tensor dy) {
  // dy: N·H·W·C   db: C
  const Shape& s = dy.shape();
  const Tensor sums(*this, {s.n, 1, 1, s.c}, DType::f64);
  dispatch(dy.dtype(), [&]<class T>() {
    const Rows<T> from(dy);
    const Rows<double> sum(sums);
    parallel(s.n, s.count(), [&](Index n) {
      pixel_sums<T>(sum(n), s.c, s.pixels(), [&](Index p, T* block) {
        const T* x = from(n, p);
#pragma omp simd
        for (Index c = 0; c < s.c; ++c) block[c] += x[c];
      });
    });
    std::vector<double> total(s.c);
    for (Index n = 0; n < s.n; ++n)
      for (Index c = 0; c < s.c; ++c) total[c] += sum(n)[c];
    T* to = db.to.data<T>();
    for (Index c = 0; c < s.c; ++c) to[c] = static_cast<T>(db.add ? to[c] + total[c] : total[c]);
  });
}

// Not (x > 0 ? x : 0): a NaN must come through, or a run that diverged would look sound.
void CpuBackend::relu(Tensor y, Tensor x) {
  dispatch(y.dtype(), [&]<class T>() {
    each_row(
        y.shape(),
        [](Index width, T* y_, const T* x_) {
#pragma omp simd
          for (Index i = 0; i < width; ++i) y_[i] = T(0) > x_[i] ? T(0) : x_[i];
        },
        Rows<T>(y), Rows<T>(x));
  });
}

void CpuBackend::relu_gradient(Sink dx, Tensor dy, Tensor y) {
  dispatch(y.dtype(), [&]<class T>() {
    each_row(
        y.shape(),
        [add = dx.add](Index width, T* dx_, const T* dy_, const T* y_) {
#pragma omp simd
          for (Index i = 0; i < width; ++i) {
            const T g = gated(dy_[i], y_[i]);
            dx_[i] = add ? dx_[i] + g : g;
          }
        },
        Rows<T>(dx.to), Rows<T>(dy), Rows<T>(y));
  });
}

}  // namespace robmask::ROBMASK_ISA
