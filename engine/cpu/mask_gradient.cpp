// The gradient of the mask (docs/mask.md). With g = dz·[z > 0] and x̂ = (x − μ)·s, s = 1/√(σ² + eps),
// each image gives two sums a channel, A_n = Σ g and B_n = Σ g·x̂; then over the M rows of the batch
//   dx = γ_n·s·g − s/M·Σ γ_m A_m − s·x̂/M·Σ γ_m B_m      through batch statistics,
//   dx = γ_n·s·g                                          through given ones.

#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// The rows of g: those of dz themselves without ReLU.
template <class T>
class Gate {
 public:
  Gate(const Rows<T>& dz, const Rows<T>& z, bool relu, Index channels)
      : dz_(dz), z_(z), relu_(relu), row_(channels) {}

  const T* operator()(Index n, Index p) {
    const T* dz = dz_(n, p);
    if (!relu_) return dz;
    const T* z = z_(n, p);
    T* g = row_.data();
#pragma omp simd
    for (std::size_t c = 0; c < row_.size(); ++c) g[c] = z[c] > T(0) ? dz[c] : T(0);
    return g;
  }

 private:
  const Rows<T>&dz_, &z_;
  bool relu_;
  std::vector<T> row_;
};

template <class T>
void put(T* to, const T* from, Index count, bool add) {
#pragma omp simd
  for (Index i = 0; i < count; ++i) to[i] = add ? to[i] + from[i] : from[i];
}

}  // namespace

void CpuBackend::mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z,
                               const MaskPass& pass, bool batch_statistics) {
  // dz, z, x, dx, dresidual: N·H·W·C   sums: N·1·2·C, A_n and B_n
  const Shape& s = dz.shape();
  const bool centered = batch_statistics || wanted.gamma;
  dispatch(dz.dtype(), [&]<class T>() {
    // Where x̂ is not asked for x may be missing; any row will do in its place.
    const Rows<T> dzs(dz), zs(z), x(centered ? pass.x : dz);
    const Rows<T> mean(pass.mean), variance(pass.variance), gamma(pass.gamma);
    const auto inverse_deviation = [&](Index n, Index c) {
      return 1 / std::sqrt(variance(n)[c] + pass.eps);
    };

    std::vector<double> a(s.c), b(s.c);  // Σ γ_n A_n, Σ γ_n B_n
    if (centered || wanted.beta) {
      const Tensor sums(*this, {s.n, 1, 2, s.c}, DType::f64);
      const Rows<double> sum(sums);
      parallel(s.n, s.count(), [&](Index n) {
        Gate<T> gate(dzs, zs, pass.relu, s.c);
        channel_sums<T, 2>(sum(n), s.pixels(), s.c, [&](Index p) {
          return [g = gate(n, p), x_ = x(n, p), m = mean(n)](Index c) {
            return std::array<T, 2>{g[c], g[c] * (x_[c] - m[c])};
          };
        });
        for (Index c = 0; c < s.c; ++c) sum(n, 1)[c] *= inverse_deviation(n, c);
        if (wanted.beta) std::copy_n(sum(n), s.c, Rows<T>(wanted.beta)(n));
        if (wanted.gamma) std::copy_n(sum(n, 1), s.c, Rows<T>(wanted.gamma)(n));
      });
      for (Index n = 0; n < s.n; ++n)
        for (Index c = 0; c < s.c; ++c) {
          a[c] += gamma(n)[c] * sum(n)[c];
          b[c] += gamma(n)[c] * sum(n, 1)[c];
        }
    }

    // dx = slope·g − base − tilt·(x − μ)
    const Rows<T> dx(wanted.x.to), dresidual(wanted.residual.to);
    if (!dx && !dresidual) return;
    std::vector<T> base(s.c), tilt(s.c);
    if (batch_statistics)
      for (Index c = 0; c < s.c; ++c) {
        const double inverse = inverse_deviation(0, c);
        base[c] = static_cast<T>(inverse * a[c] / s.rows());
        tilt[c] = static_cast<T>(inverse * inverse * b[c] / s.rows());
      }
    parallel(s.n, s.count(), [&](Index n) {
      Gate<T> gate(dzs, zs, pass.relu, s.c);
      std::vector<T> slope(s.c), row(s.c);
      for (Index c = 0; c < s.c; ++c)
        slope[c] = static_cast<T>(gamma(n)[c] * inverse_deviation(n, c));
      for (Index p = 0; p < s.pixels(); ++p) {
        const T *g = gate(n, p), *x_ = x(n, p), *m = mean(n);
        if (dresidual) put(dresidual(n, p), g, s.c, wanted.residual.add);
        if (!dx) continue;
        T* d = row.data();
        const T *k = slope.data(), *k0 = base.data(), *k1 = tilt.data();
        if (batch_statistics) {
#pragma omp simd
          for (Index c = 0; c < s.c; ++c) d[c] = k[c] * g[c] - k0[c] - k1[c] * (x_[c] - m[c]);
        } else {
#pragma omp simd
          for (Index c = 0; c < s.c; ++c) d[c] = k[c] * g[c];
        }
        put(dx(n, p), d, s.c, wanted.x.add);
      }
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
