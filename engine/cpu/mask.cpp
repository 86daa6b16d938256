// The mask: normalize, rescale, add the residual, clamp; and its gradient (docs/mask.md).

#include <cmath>
#include <limits>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

void CpuBackend::blend(Tensor out, Tensor code, Tensor table) {
  // out: R×C   code: R×k   table: k×C
  const Shape& s = out.shape();
  dispatch(out.dtype(), [&]<class T>() {
    const Rows<T> to(out), u(code), w(table);
    parallel(s.n, s.count(), [&](Index r) {
      T* y = to(r);
      std::fill_n(y, s.c, T(0));
      for (Index j = 0; j < code.shape().c; ++j) {
        const T factor = u(r)[j];
        const T* from = w(j);
#pragma omp simd
        for (Index c = 0; c < s.c; ++c) y[c] += factor * from[c];
      }
    });
  });
}

void CpuBackend::blend_gradient(Sink dtable, Tensor dout, Tensor code) {
  // dtable: k×C   dout: N×C   code: N×k or 1×k
  const Shape& s = dout.shape();
  dispatch(dout.dtype(), [&]<class T>() {
    const Rows<T> to(dtable.to), from(dout), u(code);
    std::vector<double> sum(s.c);
    for (Index j = 0; j < code.shape().c; ++j) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (Index n = 0; n < s.n; ++n)
        for (Index c = 0; c < s.c; ++c) sum[c] += static_cast<double>(u(n)[j]) * from(n)[c];
      T* y = to(j);
      for (Index c = 0; c < s.c; ++c) y[c] = static_cast<T>(dtable.add ? y[c] + sum[c] : sum[c]);
    }
  });
}

namespace {

/// The mask of each channel as z = x·scale + shift: scale = γ/√(σ² + eps), shift = β − μ·scale. One
/// row, or one for each image if any of the four differs between images.
template <class T>
struct Lens {
  Tensor scales, shifts;
  Rows<T> scale, shift;

  Lens(Backend& machine, const MaskPass& pass)
      : scales(machine, rows_of(pass), dtype_of<T>()),
        shifts(machine, scales.shape(), dtype_of<T>()),
        scale(scales),
        shift(shifts) {
    const Rows<T> mean(pass.mean), variance(pass.variance), gamma(pass.gamma), beta(pass.beta);
    const Shape& s = scales.shape();
    parallel(s.n, s.count(), [&](Index n) {
      const T *m = mean(n), *v = variance(n), *g = gamma(n), *b = beta(n);
      T *a = scale(n), *o = shift(n);
#pragma omp simd
      for (Index c = 0; c < s.c; ++c) {
        const double factor = g[c] / std::sqrt(v[c] + pass.eps);
        a[c] = static_cast<T>(factor);
        o[c] = static_cast<T>(b[c] - m[c] * factor);
      }
    });
  }

  static Shape rows_of(const MaskPass& pass) {
    return {std::max({pass.mean.shape().n, pass.variance.shape().n, pass.gamma.shape().n,
                      pass.beta.shape().n}),
            1, 1, pass.mean.shape().c};
  }
};

}  // namespace

void CpuBackend::mask(Tensor z, const MaskPass& pass) {
  // z, x, residual: N·H·W·C
  const Shape& s = z.shape();
  dispatch(z.dtype(), [&]<class T>() {
    const Rows<T> to(z), from(pass.x), residual(pass.residual);
    const Lens<T> lens(*this, pass);
    const T floor = pass.relu ? T(0) : -std::numeric_limits<T>::infinity();
    parallel(s.n, s.count(), [&](Index n) {
      const T *scale = lens.scale(n), *shift = lens.shift(n);
      for (Index p = 0; p < s.pixels(); ++p) {
        T* y = to(n, p);
        const T *x = from(n, p), *r = residual(n, p);
        if (residual) {
#pragma omp simd
          for (Index c = 0; c < s.c; ++c) {
            const T value = x[c] * scale[c] + shift[c] + r[c];
            y[c] = floor > value ? floor : value;
          }
        } else {
#pragma omp simd
          for (Index c = 0; c < s.c; ++c) {
            const T value = x[c] * scale[c] + shift[c];
            y[c] = floor > value ? floor : value;
          }
        }
      }
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
