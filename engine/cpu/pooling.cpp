// Pooling: windows over the pixels, channels side by side.

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

void CpuBackend::average_pool(Tensor y, Tensor x, const Window& window) {
  // x: N·H·W·C   y: N·H'·W'·C
  const Shape &s = y.shape(), &in = x.shape();
  dispatch(y.dtype(), [&]<class T>() {
    const Rows<T> to(y), from(x);
    const T area = static_cast<T>(window.kernel * window.kernel);
    parallel(s.n, in.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) {
        T* y_ = to(n, p);
        std::fill_n(y_, s.c, T(0));
        const Index top = p / s.w * window.kernel, left = p % s.w * window.kernel;
        for (Index h = top; h < top + window.kernel; ++h)
          for (Index w = left; w < left + window.kernel; ++w) {
            const T* x_ = from(n, h * in.w + w);
#pragma omp simd
            for (Index c = 0; c < s.c; ++c) y_[c] += x_[c];
          }
#pragma omp simd
        for (Index c = 0; c < s.c; ++c) y_[c] /= area;
      }
    });
  });
}

void CpuBackend::average_pool_gradient(Sink dx, Tensor dy, const Window& window) {
  // dx: N·H·W·C   dy: N·H'·W'·C; pixels beyond the last whole window get 0
  const Shape &s = dx.to.shape(), &out = dy.shape();
  dispatch(dy.dtype(), [&]<class T>() {
    const Rows<T> to(dx.to), from(dy);
    const T area = static_cast<T>(window.kernel * window.kernel);
    parallel(s.n, s.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) {
        T* dx_ = to(n, p);
        if (!dx.add) std::fill_n(dx_, s.c, T(0));
        const Index h = p / s.w / window.kernel, w = p % s.w / window.kernel;
        if (h >= out.h || w >= out.w) continue;
        const T* dy_ = from(n, h * out.w + w);
#pragma omp simd
        for (Index c = 0; c < s.c; ++c) dx_[c] += dy_[c] / area;
      }
    });
  });
}

void CpuBackend::max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) {
  // x: N·H·W·C   y, argmax: N·H'·W'·C
  const Shape &s = y.shape(), &in = x.shape();
  dispatch(y.dtype(), [&]<class T>() {
    const Rows<T> to(y), from(x);
    const Rows<std::int32_t> chosen(argmax);
    parallel(s.n, in.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) {
        const Index top = p / s.w * window.stride - window.pad;
        const Index left = p % s.w * window.stride - window.pad;
        const Index h0 = std::max<Index>(top, 0), h1 = std::min(top + window.kernel, in.h);
        const Index w0 = std::max<Index>(left, 0), w1 = std::min(left + window.kernel, in.w);
        T* y_ = to(n, p);
        std::int32_t* a = chosen(n, p);
        std::copy_n(from(n, h0 * in.w + w0), s.c, y_);
        std::fill_n(a, s.c, static_cast<std::int32_t>(h0 * in.w + w0));
        for (Index h = h0; h < h1; ++h)
          for (Index w = w0; w < w1; ++w) {
            const auto pixel = static_cast<std::int32_t>(h * in.w + w);
            const T* x_ = from(n, pixel);
#pragma omp simd
            for (Index c = 0; c < s.c; ++c) {
              const bool better = x_[c] > y_[c] || x_[c] != x_[c];  // a NaN wins, as in PyTorch
              y_[c] = better ? x_[c] : y_[c];
              a[c] = better ? pixel : a[c];
            }
          }
      }
    });
  });
}

void CpuBackend::max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window&) {
  // dx: N·H·W·C   dy, argmax: N·H'·W'·C
  const Shape &s = dx.to.shape(), &out = dy.shape();
  dispatch(dy.dtype(), [&]<class T>() {
    const Rows<T> to(dx.to), from(dy);
    const Rows<std::int32_t> chosen(argmax);
    parallel(s.n, s.count(), [&](Index n) {
      if (!dx.add)
        for (Index p = 0; p < s.pixels(); ++p) std::fill_n(to(n, p), s.c, T(0));
      for (Index p = 0; p < out.pixels(); ++p) {
        const T* dy_ = from(n, p);
        const std::int32_t* a = chosen(n, p);
        for (Index c = 0; c < s.c; ++c) to(n, a[c])[c] += dy_[c];
      }
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
