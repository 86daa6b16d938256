// The steps of attacks inside an ε-ball.

#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// ‖a‖₂ of an image whose rows row(p)(c) gives.
template <class Row>
double norm2(const Shape& s, Row row) {
  return std::sqrt(image_sum(s.pixels(), s.c, [&](Index p) {
    return [term = row(p)](Index c) {
      const double a = term(c);
      return a * a;
    };
  }));
}

/// y ← P(y + α·sign(g)), where P keeps to ±ε around x and to [0,1].
template <class T>
void step_in_cube(T* y, const T* x, const T* g, T alpha, T eps, Index width) {
#pragma omp simd
  for (Index i = 0; i < width; ++i) {
    const T sign = static_cast<T>(g[i] > T(0)) - static_cast<T>(g[i] < T(0));
    const T low = x[i] - eps, high = x[i] + eps, moved = y[i] + alpha * sign;
    y[i] = clip(moved < low ? low : moved > high ? high : moved);
  }
}

/// The same with δ = y − x and the direction g/‖g‖₂; P shrinks δ to the length ε, then clips.
template <class T>
void step_in_ball(const Rows<T>& to, const Rows<T>& from, const Rows<T>& gradient, T alpha, T eps,
                  Index n, const Shape& s) {
  const auto rows_of = [n](const Rows<T>& rows) {
    return [&rows, n](Index p) { return [row = rows(n, p)](Index c) { return row[c]; }; };
  };
  const double length = norm2(s, rows_of(gradient));
  const double rate = length > 0 ? alpha / length : 0;  // beyond a float if g nearly vanishes
  // δ = y − x + α·g/‖g‖, kept where y was
  for (Index p = 0; p < s.pixels(); ++p) {
    T* delta = to(n, p);
    const T *x = from(n, p), *g = gradient(n, p);
#pragma omp simd
    for (Index c = 0; c < s.c; ++c) delta[c] = static_cast<T>(delta[c] - x[c] + rate * g[c]);
  }
  // y = clip(x + δ·min(1, ε/‖δ‖))
  const double radius = norm2(s, rows_of(to));
  const T shrink = static_cast<T>(radius > eps ? eps / radius : 1);
  for (Index p = 0; p < s.pixels(); ++p) {
    T* y = to(n, p);
    const T* x = from(n, p);
#pragma omp simd
    for (Index c = 0; c < s.c; ++c) y[c] = clip(x[c] + shrink * y[c]);
  }
}

}  // namespace

void CpuBackend::pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                          Norm norm) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), from(x), g(gradient), rate(alpha), radius(eps);
    const Shape s = long_rows(x.shape(), to, from, g);
    parallel(s.n, s.count(), [&](Index n) {
      if (norm == Norm::l2) return step_in_ball(to, from, g, *rate(n), *radius(n), n, s);
      for (Index p = 0; p < s.pixels(); ++p)
        step_in_cube(to(n, p), from(n, p), g(n, p), *rate(n), *radius(n), s.c);
    });
  });
}

namespace {

/// z = P(y + α·sign(g)),  y ← P(y + a·(z − y) + (1 − a)·(y − previous)),  previous ← y.
template <class T>
void momentum_in_cube(T* y, T* previous, const T* x, const T* g, T alpha, T a, T eps, Index width) {
#pragma omp simd
  for (Index i = 0; i < width; ++i) {
    const T sign = static_cast<T>(g[i] > T(0)) - static_cast<T>(g[i] < T(0));
    const T low = x[i] - eps, high = x[i] + eps, at = y[i], moved = at + alpha * sign;
    const T z = clip(moved < low ? low : moved > high ? high : moved);
    const T next = at + a * (z - at) + (1 - a) * (at - previous[i]);
    previous[i] = at;
    y[i] = clip(next < low ? low : next > high ? high : next);
  }
}

/// The same for one image with the direction g/‖g‖₂; `z` is room for what is added to x.
template <class T>
void momentum_in_ball(std::vector<double>& z, const Rows<T>& to, const Rows<T>& before,
                      const Rows<T>& from, const Rows<T>& gradient, double alpha, double a,
                      double eps, Index n, const Shape& s) {
  const auto g = [&](Index p) { return [row = gradient(n, p)](Index c) { return row[c]; }; };
  const auto of_z = [&](Index p) { return [row = &z[p * s.c]](Index c) { return row[c]; }; };
  const auto each = [&](auto&& f) {
    for (Index p = 0; p < s.pixels(); ++p) {
      double* row = &z[p * s.c];
      const T *y = to(n, p), *x = from(n, p);
#pragma omp simd
      for (Index c = 0; c < s.c; ++c) row[c] = f(p, c, row[c], static_cast<double>(y[c]), x[c]);
    }
  };
  // y + α·g/‖g‖ − x, whose projection is z − x
  const double length = norm2(s, g), rate = length > 0 ? alpha / length : 0;
  each([&](Index p, Index c, double, double y, double x) {
    return y - x + rate * gradient(n, p)[c];
  });
  double radius = norm2(s, of_z), shrink = radius > eps ? eps / radius : 1;
  // y + a·(z − y) + (1 − a)·(y − previous) − x
  each([&](Index p, Index c, double d, double y, double x) {
    return y + a * (clip(x + shrink * d) - y) + (1 - a) * (y - before(n, p)[c]) - x;
  });
  radius = norm2(s, of_z);
  shrink = radius > eps ? eps / radius : 1;
  // previous ← y, and y ← what the second projection gives
  for (Index p = 0; p < s.pixels(); ++p)
    for (Index c = 0; c < s.c; ++c) {
      before(n, p)[c] = to(n, p)[c];
      to(n, p)[c] = static_cast<T>(clip(from(n, p)[c] + shrink * z[p * s.c + c]));
    }
}

}  // namespace

void CpuBackend::apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient, Tensor alpha,
                           Tensor a, Tensor eps, Norm norm) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), before(previous), from(x), g(gradient), rate(alpha), share(a),
        radius(eps);
    const Shape s = long_rows(x.shape(), to, before, from, g);
    parallel(s.n, s.count(), [&](Index n) {
      if (norm == Norm::l2) {
        std::vector<double> z(s.pixels() * s.c);
        momentum_in_ball(z, to, before, from, g, *rate(n), *share(n), *radius(n), n, s);
        return;
      }
      for (Index p = 0; p < s.pixels(); ++p)
        momentum_in_cube(to(n, p), before(n, p), from(n, p), g(n, p), *rate(n), *share(n),
                         *radius(n), s.c);
    });
  });
}

void CpuBackend::approach(Tensor y, Tensor x, Tensor weight) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y), from(x), share(weight);
    const Shape s = long_rows(x.shape(), to, from);
    parallel(s.n, s.count(), [&](Index n) {
      const T w = *share(n);
      if (w == T(0)) return;
      for (Index p = 0; p < s.pixels(); ++p) {
        T* row = to(n, p);
        const T* target = from(n, p);
#pragma omp simd
        for (Index c = 0; c < s.c; ++c)
          row[c] = w == T(1) ? target[c] : row[c] + w * (target[c] - row[c]);
      }
    });
  });
}

void CpuBackend::distance(Tensor distance, Tensor a, Tensor b, Norm norm) {
  dispatch(a.dtype(), [&]<class T>() {
    const Rows<T> to(distance), a_(a), b_(b);
    const Shape s = long_rows(a.shape(), a_, b_);
    parallel(s.n, s.count(), [&](Index n) {
      const auto difference = [&](Index p) {
        return [x = a_(n, p), y = b_(n, p)](Index c) { return static_cast<double>(x[c]) - y[c]; };
      };
      double result = 0;
      if (norm == Norm::l2) {
        result = norm2(s, difference);
      } else {
        for (Index p = 0; p < s.pixels(); ++p)
          for (Index c = 0; c < s.c; ++c) result = std::max(result, std::abs(difference(p)(c)));
      }
      *to(n) = static_cast<T>(result);
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
