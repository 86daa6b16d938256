// The steps of FAB, by sorting: coordinates reach the sides of the cube one after the other.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/reference/view.h"

namespace robmask {

namespace {

using Point = std::vector<double>;

/// The shortest step d inside [0,1] from t to the plane ⟨w, t + d⟩ = ⟨w, t⟩ − value: d_i =
/// −s·λ·sign(w_i) (L∞) or −s·λ·w_i (L2), s the sign of value, until coordinate i is at its side of
/// the cube.
Point step_to_plane(const Point& t, const Point& w, double value, Norm norm) {
  const double s = value >= 0 ? 1 : -1;
  const auto speed = [&](std::size_t i) {
    if (norm == Norm::linf) return w[i] == 0 ? 0.0 : 1.0;
    return std::abs(w[i]) > 1e-8 ? std::abs(w[i]) : 0.0;
  };
  const auto room = [&](std::size_t i) { return s * w[i] < 0 ? 1 - t[i] : t[i]; };
  std::vector<std::size_t> order;  // by the λ at which a coordinate arrives
  for (std::size_t i = 0; i < t.size(); ++i)
    if (speed(i) > 0) order.push_back(i);
  std::ranges::sort(order, {}, [&](std::size_t i) { return room(i) / speed(i); });
  double gained = 0, rate = 0, lambda = 0;  // gained: what those at their sides have brought
  for (const std::size_t i : order) rate += std::abs(w[i]) * speed(i);
  for (const std::size_t i : order) {
    lambda = room(i) / speed(i);
    if (gained + lambda * rate >= std::abs(value)) {
      lambda = (std::abs(value) - gained) / rate;
      break;
    }
    gained += std::abs(w[i]) * room(i);
    rate -= std::abs(w[i]) * speed(i);
  }
  Point d(t.size());
  for (std::size_t i = 0; i < t.size(); ++i)
    d[i] = (s * w[i] < 0 ? 1 : -1) * std::min(lambda * speed(i), room(i)) * (speed(i) > 0 ? 1 : 0);
  return d;
}

double length(const Point& d, Norm norm) {
  double most = 0, squares = 0;
  for (const double v : d) {
    most = std::max(most, std::abs(v));
    squares += v * v;
  }
  return norm == Norm::linf ? most : std::sqrt(squares);
}

}  // namespace

void ReferenceBackend::fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta,
                                double alpha_max, Norm norm) {
  const Shape one = x.shape().with_images(1);
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(x_adv), in(x), g(gradient), f(value);
    for (Index n = 0; n < x.shape().n; ++n) {
      Point y, x0, w;
      for_each(one, [&](Index, auto... at) {
        y.push_back(out(n, at...));
        x0.push_back(in(n, at...));
        w.push_back(g(n, at...));
      });
      double there = f.row(n);  // the linearization at x
      for (std::size_t i = 0; i < w.size(); ++i) there += w[i] * (x0[i] - y[i]);
      const Point d1 = step_to_plane(y, w, f.row(n), norm), d2 = step_to_plane(x0, w, there, norm);
      const double a1 = std::max(length(d1, norm), 1e-8), a2 = std::max(length(d2, norm), 1e-8);
      const double alpha = std::min(a1 / (a1 + a2), alpha_max);
      std::size_t i = 0;
      for_each(one, [&](Index, auto... at) {
        const double mixed = (1 - alpha) * (y[i] + eta * d1[i]) + alpha * (x0[i] + eta * d2[i]);
        out(n, at...) = static_cast<T>(std::clamp(mixed, 0.0, 1.0));
        ++i;
      });
    }
  });
}

}  // namespace robmask
