// The mask: normalize, rescale, add the residual, clamp; and its gradient (docs/mask.md).

#include <cmath>
#include <limits>

#include "engine/cpu/rows.h"
#include "engine/cpu/statistics.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Row r of code · table; of table itself if there is no code.
template <class T>
void blend_row(T* to, const Tensor& code, const Tensor& table, Index r) {
  const Rows<T> u(code), w(table);
  const Index channels = table.shape().c;
  if (!code) {
    std::copy_n(w(0), channels, to);
    return;
  }
  std::fill_n(to, channels, T(0));
  for (Index j = 0; j < code.shape().c; ++j) {
    const T factor = u(r)[j];
    const T* from = w(j);
#pragma omp simd
    for (Index c = 0; c < channels; ++c) to[c] += factor * from[c];
  }
}

}  // namespace

void CpuBackend::blend(Tensor out, Tensor code, Tensor table) {
  // out: R×C   code: R×k   table: k×C
  dispatch(out.dtype(), [&]<class T>() {
    const Rows<T> to(out);
    parallel(out.shape().n, out.shape().count(),
             [&](Index r) { blend_row(to(r), code, table, r); });
  });
}

void CpuBackend::make_lens(const Lens& lens, const MaskSource& from) {
  // mean, inverse: R×C or 1×C   scale, shift: R×C
  if (from.x) {
    const Statistics batch = statistics_of(from.x);
    if (from.running.mean) follow(from.running, batch, from.x.shape().rows());
    return make_lens(lens, {.code = from.code,
                            .weight = from.weight,
                            .bias = from.bias,
                            .mean = batch.mean,
                            .variance = batch.variance,
                            .eps = from.eps});
  }
  const Shape& s = lens.scale.shape();
  dispatch(lens.scale.dtype(), [&]<class T>() {
    const Rows<T> mean(lens.mean), inverse(lens.inverse), scale(lens.scale), shift(lens.shift);
    parallel(s.n, s.count(), [&](Index n) {
      std::vector<T> rows(4 * s.c);
      T *m = rows.data(), *v = m + s.c, *g = v + s.c, *b = g + s.c;
      blend_row(m, from.pair_code, from.mean, n);
      blend_row(v, from.pair_code, from.variance, n);
      blend_row(g, from.code, from.weight, n);
      blend_row(b, from.code, from.bias, n);
      const bool own = n < lens.mean.shape().n;  // else the first row is that of all
      T *a = scale(n), *o = shift(n);
      for (Index c = 0; c < s.c; ++c) {
        const double i = 1 / std::sqrt(v[c] + from.eps), factor = g[c] * i;  // s, γ·s
        a[c] = static_cast<T>(factor);
        o[c] = static_cast<T>(b[c] - m[c] * factor);  // β − μ·γ·s
        if (own) inverse(n)[c] = static_cast<T>(i);
      }
      if (own) std::copy_n(m, s.c, mean(n));
    });
  });
}

void CpuBackend::mask(Tensor z, const MaskPass& pass) {
  // z, x, residual: N·H·W·C
  const Shape& s = z.shape();
  dispatch(z.dtype(), [&]<class T>() {
    const Rows<T> to(z), from(pass.x), residual(pass.residual);
    const Rows<T> scales(pass.lens.scale), shifts(pass.lens.shift);
    const T floor = pass.relu ? T(0) : -std::numeric_limits<T>::infinity();
    parallel(s.n, s.count(), [&](Index n) {
      const T *scale = scales(n), *shift = shifts(n);
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
