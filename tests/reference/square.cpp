#include <algorithm>
#include <cmath>

#include "tests/reference/view.h"

namespace robmask {

namespace {

/// Where the windows of image n are.
struct Place {
  const View<std::int32_t>& of;
  Index n;

  Index side() const { return of.row(n, 0); }
  bool in(Index h, Index w, Index row, Index column) const {
    return h >= row && h < row + side() && w >= column && w < column + side();
  }
  bool first(Index h, Index w) const { return in(h, w, of.row(n, 1), of.row(n, 2)); }
  bool second(Index h, Index w) const { return in(h, w, of.row(n, 3), of.row(n, 4)); }
};

}  // namespace

void ReferenceBackend::square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares,
                                   Tensor eps, Norm norm) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(x_new), at(best), in(x), sign(squares.sign), bump(squares.pattern),
        radius(eps);
    const View<std::int32_t> places(squares.place);
    for (Index n = 0; n < s.n; ++n) {
      const Place place{places, n};
      const double e = radius.row(n);
      std::vector<double> delta(s.pixels() * s.c);
      const auto d = [&](Index h, Index w, Index c) -> double& {
        return delta[(h * s.w + w) * s.c + c];
      };
      const auto each = [&](auto&& f) {
        for_each(s.with_images(1), [&](Index, auto... hwc) { f(hwc...); });
      };
      double squared = 0;
      each([&](Index h, Index w, Index c) {
        d(h, w, c) = static_cast<double>(at(n, h, w, c)) - in(n, h, w, c);
        squared += d(h, w, c) * d(h, w, c);
      });
      if (norm == Norm::linf) {
        each([&](Index h, Index w, Index c) {
          if (place.first(h, w))
            d(h, w, c) = std::clamp(d(h, w, c) + 2 * e * sign.row(n, c), -e, e);
          out(n, h, w, c) = static_cast<T>(std::clamp(in(n, h, w, c) + d(h, w, c), 0.0, 1.0));
        });
        continue;
      }
      const double spare = std::max(e * e - squared, 0.0) / static_cast<double>(s.c);
      for (Index c = 0; c < s.c; ++c) {
        double inside = 0, both = 0, length = 0;
        for_each_pixel(s, [&](Index h, Index w) {
          const double v = d(h, w, c) * d(h, w, c);
          inside += place.first(h, w) ? v : 0;
          both += place.first(h, w) || place.second(h, w) ? v : 0;
        });
        for_each_pixel(s, [&](Index h, Index w) {
          if (place.first(h, w)) {
            d(h, w, c) = d(h, w, c) / (1e-12 + std::sqrt(inside)) +
                         sign.row(n, c) * bump(n, h - places.row(n, 1), w - places.row(n, 2), 0);
            length += d(h, w, c) * d(h, w, c);
          } else if (place.second(h, w)) {
            d(h, w, c) = 0;
          }
        });
        const double factor = std::sqrt(spare + both) / (1e-12 + std::sqrt(length));
        for_each_pixel(s, [&](Index h, Index w) {
          if (place.first(h, w)) d(h, w, c) *= factor;
        });
      }
      squared = 0;
      each([&](Index h, Index w, Index c) { squared += d(h, w, c) * d(h, w, c); });
      const double factor = e / (1e-12 + std::sqrt(squared));
      each([&](Index h, Index w, Index c) {
        out(n, h, w, c) =
            static_cast<T>(std::clamp(in(n, h, w, c) + factor * d(h, w, c), 0.0, 1.0));
      });
    }
  });
}

}  // namespace robmask
