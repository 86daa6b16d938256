// Batch statistics: each image is summed while it is in the cache, then the images are combined.

#include "engine/cpu/statistics.h"

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// The mean of each channel of one image, and Σ (x − mean)².
template <class T>
void image_moments(double* mean, double* squares, const Rows<T>& x, Index n, const Shape& s) {
  pixel_sums<T>(mean, s.c, s.pixels(), [&](Index p, T* block) {
    const T* row = x(n, p);
#pragma omp simd
    for (Index c = 0; c < s.c; ++c) block[c] += row[c];
  });
  std::vector<T> shift(s.c);
  for (Index c = 0; c < s.c; ++c) {
    mean[c] /= s.pixels();
    shift[c] = static_cast<T>(mean[c]);
  }
  pixel_sums<T>(squares, s.c, s.pixels(), [&, m = shift.data()](Index p, T* block) {
    const T* row = x(n, p);
#pragma omp simd
    for (Index c = 0; c < s.c; ++c) block[c] += (row[c] - m[c]) * (row[c] - m[c]);
  });
  // The shift is the mean rounded to T: Σ (x − mean)² = Σ (x − shift)² − P·(mean − shift)².
  for (Index c = 0; c < s.c; ++c)
    squares[c] -= s.pixels() * (mean[c] - shift[c]) * (mean[c] - shift[c]);
}

}  // namespace

Statistics statistics_of(const Tensor& x) {
  // x: N·H·W·C   mean, variance: C
  const Shape& s = x.shape();
  Backend& machine = x.machine();
  const Tensor means(machine, {s.n, 1, 1, s.c}, DType::f64),
      squares(machine, means.shape(), DType::f64);
  const Tensor mean(machine, {1, 1, 1, s.c}, x.dtype()), variance(machine, mean.shape(), x.dtype());
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> from(x);
    const Rows<double> m(means), q(squares);
    parallel(s.n, s.count(), [&](Index n) { image_moments(m(n), q(n), from, n, s); });

    // Chan, Golub and LeVeque (1983) for groups of one size:
    // Σ (x − μ)² = Σ_n [ Σ (x − m_n)² + P·(m_n − μ)² ] with μ the mean of the m_n.
    std::vector<double> mu(s.c), sum(s.c);
    for (Index n = 0; n < s.n; ++n)
      for (Index c = 0; c < s.c; ++c) mu[c] += m(n)[c];
    for (Index c = 0; c < s.c; ++c) mu[c] /= s.n;
    for (Index n = 0; n < s.n; ++n)
      for (Index c = 0; c < s.c; ++c) {
        const double d = m(n)[c] - mu[c];
        sum[c] += q(n)[c] + s.pixels() * d * d;
      }
    for (Index c = 0; c < s.c; ++c) {
      mean.data<T>()[c] = static_cast<T>(mu[c]);
      variance.data<T>()[c] = static_cast<T>(sum[c] / s.rows());
    }
  });
  return {mean, variance};
}

void follow(const Running& running, const Statistics& batch, Index rows) {
  const double momentum = running.momentum;
  const double unbiased = static_cast<double>(rows) / static_cast<double>(rows - 1);
  dispatch(running.mean.dtype(), [&]<class T>() {
    const auto blend_in = [&](const Tensor& to, const Tensor& from, double factor) {
      T* r = to.data<T>();
      const T* b = from.data<T>();
      for (Index c = 0; c < to.shape().c; ++c)
        r[c] = static_cast<T>((1 - momentum) * r[c] + momentum * factor * b[c]);
    };
    blend_in(running.mean, batch.mean, 1);
    blend_in(running.variance, batch.variance, unbiased);
  });
  *running.tracked.data<std::int64_t>() += 1;
}

}  // namespace robmask::ROBMASK_ISA
