// Maps whose pixels move.

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

void CpuBackend::place(Sink y, Tensor x, Index top, Index left, double outside) {
  const Shape &s = y.to.shape(), &in = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y.to), from(x);
    const T rest = static_cast<T>(outside);
    parallel(s.n, s.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) {
        T* y_ = to(n, p);
        const Index h = p / s.w - top, w = p % s.w - left;
        if (h >= 0 && h < in.h && w >= 0 && w < in.w) {
          const T* x_ = from(n, h * in.w + w);
#pragma omp simd
          for (Index c = 0; c < s.c; ++c) y_[c] = y.add ? y_[c] + x_[c] : x_[c];
        } else {
          for (Index c = 0; c < s.c; ++c) y_[c] = y.add ? y_[c] + rest : rest;
        }
      }
    });
  });
}

void CpuBackend::transpose(Sink y, Tensor x) {
  // x: N·P·C   y: N·C·P, in squares that stay in the first-level cache
  constexpr Index side = 32;
  const Shape& s = x.shape();
  const Index bands = (s.pixels() + side - 1) / side;
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y.to), from(x);
    parallel(s.n * bands, s.count(), [&](Index task) {
      const Index n = task / bands, first = task % bands * side;
      const Index last = std::min(first + side, s.pixels());
      for (Index left = 0; left < s.c; left += side)
        for (Index c = left; c < std::min(left + side, s.c); ++c) {
          T* y_ = to(n, c);
          for (Index p = first; p < last; ++p) {
            const T value = from(n, p)[c];
            y_[p] = y.add ? y_[p] + value : value;
          }
        }
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
