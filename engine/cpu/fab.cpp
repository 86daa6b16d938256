// The steps of FAB: onto a plane inside the cube of images, and a mixture of two such steps.

#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// The shortest step, in the norm and inside [0,1], from t to the plane ⟨w, v − t⟩ = −value: every
/// coordinate moves towards the side of the cube that brings it nearer to the plane, at most to
/// that side, by λ (L∞) or λ·|w_i| (L2), where λ is such that Σ min(λ·rate_i, limit_i) = |value|.
class StepToPlane {
 public:
  StepToPlane(const std::vector<double>& t, const std::vector<double>& w, double value, Norm norm)
      : count_(static_cast<Index>(t.size())), rate_(t.size()), limit_(t.size()), step_(t.size()) {
    // L2 leaves coordinates alone whose weight nearly vanishes, as the authors' program does.
    const double sign = value >= 0 ? 1 : -1, least = norm == Norm::linf ? 0 : 1e-8;
#pragma omp simd
    for (Index i = 0; i < count_; ++i) {
      const double weight = std::abs(w[i]) > least ? std::abs(w[i]) : 0.0;
      rate_[i] = norm == Norm::linf ? weight : weight * weight;
      limit_[i] = weight * (sign * w[i] < 0 ? 1 - t[i] : t[i]);  // |w_i|·the way to the side
    }
    const double lambda = solve(std::abs(value));
#pragma omp simd
    for (Index i = 0; i < count_; ++i) {
      const double moved = std::min(lambda * rate_[i], limit_[i]);  // |w_i|·|step_i|
      step_[i] = rate_[i] > 0 ? -sign * moved / w[i] : 0.0;
    }
  }

  double operator[](Index i) const { return step_[i]; }
  double length(Norm norm) const {
    double most = 0, squares = 0;
#pragma omp simd reduction(max : most) reduction(+ : squares)
    for (Index i = 0; i < count_; ++i) {
      most = std::max(most, std::abs(step_[i]));
      squares += step_[i] * step_[i];
    }
    return norm == Norm::linf ? most : std::sqrt(squares);
  }

 private:
  /// The gain Σ min(λ·rate, limit) is concave and piecewise linear, so Newton's method from λ = 0
  /// climbs to the solution, with more coordinates at their sides each time, till none is added.
  double solve(double wanted) const {
    double lambda = 0;
    for (Index arrived = -1;;) {
      double rates = 0, limits = 0, now = 0;
#pragma omp simd reduction(+ : rates, limits, now)
      for (Index i = 0; i < count_; ++i) {
        const bool stops = lambda * rate_[i] >= limit_[i];
        rates += stops ? 0 : rate_[i];
        limits += stops ? limit_[i] : 0;
        now += stops ? 1 : 0;
      }
      if (static_cast<Index>(now) <= arrived || rates <= 0) return lambda;
      arrived = static_cast<Index>(now);
      lambda = (wanted - limits) / rates;  // where Σ limit of those that stop + λ·Σ rate = wanted
    }
  }

  Index count_;
  std::vector<double> rate_, limit_, step_;
};

/// The elements of an image, one after the other.
template <class T>
std::vector<double> elements(const Rows<T>& rows, Index n, const Shape& s) {
  std::vector<double> all(s.pixels() * s.c);
  for (Index p = 0; p < s.pixels(); ++p) std::copy_n(rows(n, p), s.c, &all[p * s.c]);
  return all;
}

}  // namespace

void CpuBackend::fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta,
                          double alpha_max, Norm norm) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), from(x), g(gradient), f(value);
    parallel(s.n, s.count(), [&](Index n) {
      const std::vector<double> y = elements(to, n, s), x0 = elements(from, n, s),
                                w = elements(g, n, s);
      // f's linearization at x_adv is value there and value + ⟨w, x − x_adv⟩ at x.
      double slope = 0;
      const auto count = static_cast<Index>(w.size());
#pragma omp simd reduction(+ : slope)
      for (Index i = 0; i < count; ++i) slope += w[i] * (x0[i] - y[i]);
      // d(x_adv) and d(x)
      const StepToPlane near(y, w, *f(n), norm), back(x0, w, *f(n) + slope, norm);
      // α = min( ‖d(x_adv)‖ / (‖d(x_adv)‖ + ‖d(x)‖), alpha_max )
      const double a = std::max(near.length(norm), 1e-8), b = std::max(back.length(norm), 1e-8);
      const double alpha = std::min(a / (a + b), alpha_max);
      // x_adv = clip( (1 − α)·(x_adv + η·d(x_adv)) + α·(x + η·d(x)) )
      for (Index p = 0, i = 0; p < s.pixels(); ++p)
        for (Index c = 0; c < s.c; ++c, ++i)
          to(n, p)[c] = static_cast<T>(
              clip((1 - alpha) * (y[i] + eta * near[i]) + alpha * (x0[i] + eta * back[i])));
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
