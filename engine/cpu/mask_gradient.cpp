// The gradient of the mask (docs/mask.md). With g = dz·[z > 0] and x̂ = (x − μ)·s,
// s = 1/√(σ² + eps), each image gives two sums a channel, A_n = Σ g and B_n = Σ g·x̂; then over the
// M rows of the batch
//   dx = γ_n·s·g − s/M·Σ γ_m A_m − s·x̂/M·Σ γ_m B_m      through batch statistics,
//   dx = γ_n·s·g                                          through given ones.

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// What the passes over the images read. z may be missing without ReLU, and x where x̂ is not asked
/// for: dz then stands in, and its values do not matter.
template <class T, bool relu>
struct Operands {
  Index pixels, channels;
  Rows<T> dz, z, x, mean;

  static T g(T dz, T z) { return relu ? gated(dz, z) : dz; }
};

/// Σ g, then Σ g·(x − μ), of image n.
template <class T, bool relu>
void image_sums(double* sums, const Operands<T, relu>& o, Index n) {
  const Index channels = o.channels;
  pixel_sums<T>(sums, 2 * channels, o.pixels, [&](Index p, T* a) {
    const T *dz = o.dz(n, p), *z = o.z(n, p), *x = o.x(n, p), *m = o.mean(n);
    T* b = a + channels;
#pragma omp simd
    for (Index c = 0; c < channels; ++c) {
      const T g = o.g(dz[c], z[c]);
      a[c] += g;                  // A_n = Σ g
      b[c] += g * (x[c] - m[c]);  // B_n / s, as x̂ = (x − μ)·s
    }
  });
}

/// dx = s·(h − mean(h) − x̂·mean(hx̂)), h = γ_n·g, as slope·g − base − tilt·(x − μ); base and tilt
/// are null where statistics were given.
template <class T, bool relu>
void row_gradient(T* dx, bool add, const Operands<T, relu>& o, Index n, Index p, const T* slope,
                  const T* base, const T* tilt) {
  const T *dz = o.dz(n, p), *z = o.z(n, p), *x = o.x(n, p), *m = o.mean(n);
  if (base) {
#pragma omp simd
    for (Index c = 0; c < o.channels; ++c) {
      const T d = slope[c] * o.g(dz[c], z[c]) - base[c] - tilt[c] * (x[c] - m[c]);
      dx[c] = add ? dx[c] + d : d;
    }
  } else {
#pragma omp simd
    for (Index c = 0; c < o.channels; ++c) {
      const T d = slope[c] * o.g(dz[c], z[c]);
      dx[c] = add ? dx[c] + d : d;
    }
  }
}

/// dresidual = g
template <class T, bool relu>
void row_residual(T* dr, bool add, const Operands<T, relu>& o, Index n, Index p) {
  const T *dz = o.dz(n, p), *z = o.z(n, p);
#pragma omp simd
  for (Index c = 0; c < o.channels; ++c) {
    const T g = o.g(dz[c], z[c]);
    dr[c] = add ? dr[c] + g : g;
  }
}

/// dw_j = Σ_n u_nj d_n, of a blend whose gradient for each image is d.
template <class T>
void blend_gradient(const Sink& dw, const Tensor& d, const Tensor& code) {
  // dw: k×C   d: N×C   code: N×k or 1×k
  const Shape& s = d.shape();
  const Rows<T> to(dw.to), from(d), u(code);
  std::vector<double> sum(s.c);
  for (Index j = 0; j < code.shape().c; ++j) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (Index n = 0; n < s.n; ++n)
      for (Index c = 0; c < s.c; ++c) sum[c] += static_cast<double>(u(n)[j]) * from(n)[c];
    T* y = to(j);
    for (Index c = 0; c < s.c; ++c) y[c] = static_cast<T>(dw.add ? y[c] + sum[c] : sum[c]);
  }
}

template <class T, bool relu>
void gradients(Backend& machine, const MaskGradients& wanted, const Tensor& dz, const Tensor& z,
               const MaskPass& pass, bool batch_statistics) {
  // dz, z, x, dx, dresidual: N·H·W·C   sums: N·1·2·C, A_n and B_n   inverse: s   slope: γ_n·s
  const Shape& s = dz.shape();
  const Rows<T> inverse(pass.lens.inverse), slope(pass.lens.scale);
  const bool centered = batch_statistics || wanted.weight.to;
  const Operands<T, relu> o{.pixels = s.pixels(),
                            .channels = s.c,
                            .dz = Rows<T>(dz),
                            .z = Rows<T>(relu ? z : dz),
                            .x = Rows<T>(centered ? pass.x : dz),
                            .mean = Rows<T>(pass.lens.mean)};
  std::vector<double> a(s.c), b(s.c);  // s·Σ γ_n A_n, s·Σ γ_n B_n
  if (centered || wanted.bias.to) {
    const Tensor sums(machine, {s.n, 1, 2, s.c}, DType::f64);
    const Rows<double> sum(sums);
    const auto per_image = [&](const Sink& of) {
      return of.to ? Tensor(machine, {s.n, 1, 1, s.c}, of.to.dtype()) : Tensor();
    };
    const Tensor gammas = per_image(wanted.weight), betas = per_image(wanted.bias);
    const Rows<T> dgamma(gammas), dbeta(betas);
    parallel(s.n, s.count(), [&](Index n) {
      image_sums(sum(n), o, n);
      for (Index c = 0; c < s.c; ++c) sum(n, 1)[c] *= inverse(n)[c];
      if (dbeta) std::copy_n(sum(n), s.c, dbeta(n));       // dβ_n = A_n
      if (dgamma) std::copy_n(sum(n, 1), s.c, dgamma(n));  // dγ_n = B_n
    });
    for (Index n = 0; n < s.n; ++n)
      for (Index c = 0; c < s.c; ++c) {
        a[c] += slope(n)[c] * sum(n)[c];
        b[c] += slope(n)[c] * sum(n, 1)[c];
      }
    if (gammas) blend_gradient<T>(wanted.weight, gammas, wanted.code);
    if (betas) blend_gradient<T>(wanted.bias, betas, wanted.code);
  }

  const Rows<T> dx(wanted.x.to), dresidual(wanted.residual.to);
  if (!dx && !dresidual) return;
  std::vector<T> base, tilt;
  if (batch_statistics)
    for (Index c = 0; c < s.c; ++c) {
      const auto rows = static_cast<double>(s.rows());
      base.push_back(static_cast<T>(a[c] / rows));                  // s·mean(h)
      tilt.push_back(static_cast<T>(inverse(0)[c] * b[c] / rows));  // s²·mean(hx̂)
    }
  parallel(s.n, s.count(), [&](Index n) {
    for (Index p = 0; p < s.pixels(); ++p) {
      if (dresidual) row_residual(dresidual(n, p), wanted.residual.add, o, n, p);
      if (dx)
        row_gradient(dx(n, p), wanted.x.add, o, n, p, slope(n),
                     batch_statistics ? base.data() : nullptr, tilt.data());
    }
  });
}

}  // namespace

void CpuBackend::mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z,
                               const MaskPass& pass, bool batch_statistics) {
  dispatch(dz.dtype(), [&]<class T>() {
    const auto run = pass.relu ? gradients<T, true> : gradients<T, false>;
    run(*this, wanted, dz, z, pass, batch_statistics);
  });
}

}  // namespace robmask::ROBMASK_ISA
