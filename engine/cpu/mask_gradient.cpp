// The gradient of the mask (docs/mask.md). With g = dz·[z > 0] and x̂ = (x − μ)·s, s = 1/√(σ² + eps),
// each image gives two sums a channel, A_n = Σ g and B_n = Σ g·x̂; then over the M rows of the batch
//   dx = γ_n·s·g − s/M·Σ γ_m A_m − s·x̂/M·Σ γ_m B_m      through batch statistics,
//   dx = γ_n·s·g                                          through given ones.

#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// What both passes over the images read. Without ReLU z may be missing, and so may x where x̂ is not
/// asked for; dz then stands in, and its values do not matter.
template <class T>
struct Operands {
  Index pixels, channels;
  T relu;  // 1 or 0
  Rows<T> dz, z, x, mean;
};

/// g, for relu = 1 or 0. As a product: a choice between dz and 0 would become a branch, or a masked load
/// that waits for z, at half the speed.
template <class T>
T gated(T dz, T z, T relu) {
  const T positive = z > T(0) ? T(1) : T(0);
  return (relu * positive + (1 - relu)) * dz;
}

/// Σ g, then Σ g·(x − μ), of image n.
template <class T>
void image_sums(double* sums, const Operands<T>& o, Index n) {
  const Index channels = o.channels;
  const T relu = o.relu;
  pixel_sums<T>(sums, 2 * channels, o.pixels, [&](Index p, T* a) {
    const T *dz = o.dz(n, p), *z = o.z(n, p), *x = o.x(n, p), *m = o.mean(n);
    T* b = a + channels;
#pragma omp simd
    for (Index c = 0; c < channels; ++c) {
      const T g = gated(dz[c], z[c], relu);
      a[c] += g;
      b[c] += g * (x[c] - m[c]);
    }
  });
}

/// dx = slope·g − base − tilt·(x − μ); base and tilt are null where statistics were given.
template <class T>
void row_gradient(T* dx, bool add, const Operands<T>& o, Index n, Index p, const T* slope,
                  const T* base, const T* tilt) {
  const T *dz = o.dz(n, p), *z = o.z(n, p), *x = o.x(n, p), *m = o.mean(n);
  const T relu = o.relu;
  if (base) {
#pragma omp simd
    for (Index c = 0; c < o.channels; ++c) {
      const T d = slope[c] * gated(dz[c], z[c], relu) - base[c] - tilt[c] * (x[c] - m[c]);
      dx[c] = add ? dx[c] + d : d;
    }
  } else {
#pragma omp simd
    for (Index c = 0; c < o.channels; ++c) {
      const T d = slope[c] * gated(dz[c], z[c], relu);
      dx[c] = add ? dx[c] + d : d;
    }
  }
}

template <class T>
void row_residual(T* dr, bool add, const Operands<T>& o, Index n, Index p) {
  const T *dz = o.dz(n, p), *z = o.z(n, p);
  const T relu = o.relu;
#pragma omp simd
  for (Index c = 0; c < o.channels; ++c) {
    const T g = gated(dz[c], z[c], relu);
    dr[c] = add ? dr[c] + g : g;
  }
}

}  // namespace

void CpuBackend::mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z,
                               const MaskPass& pass, bool batch_statistics) {
  // dz, z, x, dx, dresidual: N·H·W·C   sums: N·1·2·C, A_n and B_n   slopes: γ_n·s
  const Shape& s = dz.shape();
  const Index statistics_rows = pass.variance.shape().n;
  const bool centered = batch_statistics || wanted.gamma;
  const Tensor inverses(*this, {statistics_rows, 1, 1, s.c}, DType::f64);
  const Tensor slopes(*this, {std::max(statistics_rows, pass.gamma.shape().n), 1, 1, s.c},
                      dz.dtype());
  dispatch(dz.dtype(), [&]<class T>() {
    const Rows<T> variance(pass.variance), gamma(pass.gamma), slope(slopes);
    const Rows<double> inverse(inverses);
    for (Index n = 0; n < statistics_rows; ++n)
      for (Index c = 0; c < s.c; ++c) inverse(n)[c] = 1 / std::sqrt(variance(n)[c] + pass.eps);
    for (Index n = 0; n < slopes.shape().n; ++n)
      for (Index c = 0; c < s.c; ++c) slope(n)[c] = static_cast<T>(gamma(n)[c] * inverse(n)[c]);

    const Operands<T> o{s.pixels(),
                        s.c,
                        static_cast<T>(pass.relu),
                        Rows<T>(dz),
                        Rows<T>(pass.relu ? z : dz),
                        Rows<T>(centered ? pass.x : dz),
                        Rows<T>(pass.mean)};
    std::vector<double> a(s.c), b(s.c);  // Σ γ_n A_n, Σ γ_n B_n
    if (centered || wanted.beta) {
      const Tensor sums(*this, {s.n, 1, 2, s.c}, DType::f64);
      const Rows<double> sum(sums);
      const Rows<T> dgamma(wanted.gamma), dbeta(wanted.beta);
      parallel(s.n, s.count(), [&](Index n) {
        image_sums(sum(n), o, n);
        for (Index c = 0; c < s.c; ++c) sum(n, 1)[c] *= inverse(n)[c];
        if (dbeta) std::copy_n(sum(n), s.c, dbeta(n));
        if (dgamma) std::copy_n(sum(n, 1), s.c, dgamma(n));
      });
      for (Index n = 0; n < s.n; ++n)
        for (Index c = 0; c < s.c; ++c) {
          a[c] += gamma(n)[c] * sum(n)[c];
          b[c] += gamma(n)[c] * sum(n, 1)[c];
        }
    }

    const Rows<T> dx(wanted.x.to), dresidual(wanted.residual.to);
    if (!dx && !dresidual) return;
    std::vector<T> base, tilt;
    if (batch_statistics)
      for (Index c = 0; c < s.c; ++c) {
        const double i = inverse(0)[c], rows = static_cast<double>(s.rows());
        base.push_back(static_cast<T>(i * a[c] / rows));
        tilt.push_back(static_cast<T>(i * i * b[c] / rows));
      }
    parallel(s.n, s.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) {
        if (dresidual) row_residual(dresidual(n, p), wanted.residual.add, o, n, p);
        if (dx)
          row_gradient(dx(n, p), wanted.x.add, o, n, p, slope(n),
                       batch_statistics ? base.data() : nullptr, tilt.data());
      }
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
