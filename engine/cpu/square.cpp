// What Square tries next: a window of the perturbation painted anew.

#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// One image's windows.
struct Place {
  Index side, row, column, row2, column2;

  explicit Place(const std::int32_t* p)
      : side(p[0]), row(p[1]), column(p[2]), row2(p[3]), column2(p[4]) {}
  bool first(Index h, Index w) const { return in(h - row, w - column); }
  bool second(Index h, Index w) const { return in(h - row2, w - column2); }

 private:
  bool in(Index h, Index w) const { return h >= 0 && h < side && w >= 0 && w < side; }
};

/// The perturbation δ of one channel of one image, a number a pixel.
using Map = std::vector<double>;

/// Inside the first window: along δ/‖δ‖ + sign·η, of the norm that δ had in both windows and
/// `spare` squared; the rest of the second window: 0.
void repaint(Map& delta, const Place& place, Index width, double sign, const auto& eta,
             double spare) {
  const Index height = static_cast<Index>(delta.size()) / width;
  double inside = 0, both = 0, length = 0;
  const auto each = [&](auto&& f) {
    for (Index h = 0; h < height; ++h)
      for (Index w = 0; w < width; ++w) f(h, w, delta[h * width + w]);
  };
  // ‖δ‖² in the first window, and in both
  each([&](Index h, Index w, double& d) {
    if (place.first(h, w)) inside += d * d;
    if (place.first(h, w) || place.second(h, w)) both += d * d;
  });
  // first window: δ/‖δ‖ + sign·η; second: 0
  each([&](Index h, Index w, double& d) {
    if (place.first(h, w)) {
      d = sign * eta(h - place.row, w - place.column) + d / (1e-12 + std::sqrt(inside));
      length += d * d;
    } else if (place.second(h, w)) {
      d = 0;
    }
  });
  // The first window takes the norm √(spare + both).
  const double factor = std::sqrt(spare + both) / (1e-12 + std::sqrt(length));
  each([&](Index h, Index w, double& d) {
    if (place.first(h, w)) d *= factor;
  });
}

}  // namespace

void CpuBackend::square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares,
                             Tensor eps, Norm norm) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_new), from(x), at(best), signs(squares.sign), radius(eps),
        bump(squares.pattern);
    const Rows<std::int32_t> places(squares.place);
    parallel(s.n, s.count(), [&](Index n) {
      const Place place(places(n));
      const T e = *radius(n);
      if (norm == Norm::linf) {
        // x_new = clip(x + project(best − x + 2ε·sign)) in the window, best elsewhere
        for (Index p = 0; p < s.pixels(); ++p) std::copy_n(at(n, p), s.c, to(n, p));
        for (Index h = place.row; h < place.row + place.side; ++h)
          for (Index w = place.column; w < place.column + place.side; ++w)
            for (Index p = h * s.w + w, c = 0; c < s.c; ++c) {
              const T middle = from(n, p)[c], moved = at(n, p)[c] + 2 * e * signs(n)[c];
              to(n, p)[c] = clip(std::clamp(moved, middle - e, middle + e));
            }
        return;
      }
      // δ = best − x, and each channel's share of what ‖δ‖² lacks to ε²
      std::vector<Map> delta(s.c, Map(s.pixels()));
      double squared = 0;
      for (Index p = 0; p < s.pixels(); ++p)
        for (Index c = 0; c < s.c; ++c) {
          const double d = static_cast<double>(at(n, p)[c]) - from(n, p)[c];
          delta[c][p] = d;
          squared += d * d;
        }
      const double spare = std::max(static_cast<double>(e) * e - squared, 0.0) / s.c;
      squared = 0;
      for (Index c = 0; c < s.c; ++c) {
        repaint(
            delta[c], place, s.w, signs(n)[c],
            [&](Index h, Index w) { return *bump(n, h * squares.pattern.shape().w + w); }, spare);
        for (const double d : delta[c]) squared += d * d;
      }
      // x_new = clip(x + ε·δ/‖δ‖)
      const double factor = e / (1e-12 + std::sqrt(squared));
      for (Index p = 0; p < s.pixels(); ++p)
        for (Index c = 0; c < s.c; ++c)
          to(n, p)[c] = static_cast<T>(clip(from(n, p)[c] + factor * delta[c][p]));
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
