// Element i of an image's stream belongs to element i of the image, counted (h·W + w)·C + c.

#include <algorithm>
#include <cmath>

#include "tests/reference/view.h"

namespace robmask {

namespace {

double clip(double x) { return std::clamp(x, 0.0, 1.0); }

Stream stream_of(Stream s, const Tensor& step, std::int32_t id) {
  s.image = static_cast<std::uint32_t>(id);
  if (step) s.step = static_cast<std::uint64_t>(*step.data<std::int64_t>());
  return s;
}

/// Σ of f(h, w, c)² over an image, under the root.
template <class F>
double length(const Shape& s, F&& f) {
  double squares = 0;
  for_each(s.with_images(1),
           [&](Index, Index h, Index w, Index c) { squares += std::pow(f(h, w, c), 2); });
  return std::sqrt(squares);
}

}  // namespace

// L∞: x + eps·(2u − 1), u_i uniform.  L2: x + eps·r·a/‖a‖, a_i normal, r uniform: element 2d, the
// first that the d normals leave unused.
void ReferenceBackend::start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream,
                                     Tensor step, Tensor ids) {
  const Shape& s = x.shape();
  const auto element = [&](Index h, Index w, Index c) {
    return static_cast<std::uint32_t>((h * s.w + w) * s.c + c);
  };
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(x_adv), in(x), radius(eps);
    const View<std::int32_t> id(ids);
    for_each(s, [&](Index n, Index h, Index w, Index c) {
      if (norm == Norm::l2) return;
      const Stream own = stream_of(stream, step, id.row(n));
      const double u = random_uniform<T>(own, element(h, w, c));
      out(n, h, w, c) = static_cast<T>(clip(in(n, h, w, c) + radius.row(n) * (2 * u - 1)));
    });
    for (Index n = 0; n < s.n && norm == Norm::l2; ++n) {
      const Stream own = stream_of(stream, step, id.row(n));
      const auto a = [&](Index h, Index w, Index c) {
        return random_normal(own, element(h, w, c));
      };
      const double r =
          random_uniform<double>(own, static_cast<std::uint32_t>(2 * s.pixels() * s.c));
      const double factor = radius.row(n) * r / length(s, a);
      for_each(s.with_images(1), [&](Index, Index h, Index w, Index c) {
        out(n, h, w, c) = static_cast<T>(clip(in(n, h, w, c) + factor * a(h, w, c)));
      });
    }
  });
}

void ReferenceBackend::start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream,
                                    Tensor step, Tensor ids) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(x_adv), in(x);
    const View<std::int32_t> id(ids);
    for_each(s, [&](Index n, Index h, Index w, Index c) {
      const double a = random_normal(stream_of(stream, step, id.row(n)),
                                     static_cast<std::uint32_t>((h * s.w + w) * s.c + c));
      out(n, h, w, c) = static_cast<T>(clip(in(n, h, w, c) + sigma * a));
    });
  });
}

void ReferenceBackend::pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                                Norm norm) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(x_adv), in(x), g(gradient), rate(alpha), radius(eps);
    for (Index n = 0; n < s.n; ++n) {
      const double a = rate.row(n), e = radius.row(n);
      const double g_length = length(s, [&](auto... at) { return g(n, at...); });
      const auto moved = [&](Index h, Index w, Index c) {
        const double d = g(n, h, w, c), delta = out(n, h, w, c) - in(n, h, w, c);
        if (norm == Norm::linf) return std::clamp(delta + a * ((d > 0) - (d < 0)), -e, e);
        return g_length > 0 ? delta + a * d / g_length : delta;
      };
      const double moved_length = length(s, moved);
      const double shrink = norm == Norm::l2 && moved_length > e ? e / moved_length : 1;
      for_each(s.with_images(1), [&](Index, Index h, Index w, Index c) {
        out(n, h, w, c) = static_cast<T>(clip(in(n, h, w, c) + shrink * moved(h, w, c)));
      });
    }
  });
}

void ReferenceBackend::apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient,
                                 Tensor alpha, Tensor a, Tensor eps, Norm norm) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(x_adv), before(previous), in(x), g(gradient), rate(alpha), share(a),
        radius(eps);
    for (Index n = 0; n < s.n; ++n) {
      const double step = rate.row(n), e = radius.row(n), part = share.row(n);
      const double g_length = length(s, [&](auto... at) { return g(n, at...); });
      const auto projected = [&](const auto& y) {
        const double d_length = length(s, [&](auto... at) { return y(at...) - in(n, at...); });
        const double shrink = norm == Norm::l2 && d_length > e ? e / d_length : 1;
        return [=, &y](auto... at) {
          const double d = shrink * (y(at...) - in(n, at...));
          return clip(in(n, at...) + (norm == Norm::linf ? std::clamp(d, -e, e) : d));
        };
      };
      const auto moved = [&](auto... at) {
        const double d = g(n, at...), y = out(n, at...);
        if (norm == Norm::linf) return y + step * ((d > 0) - (d < 0));
        return g_length > 0 ? y + step * d / g_length : y;
      };
      const auto z = projected(moved);
      const auto next = [&](auto... at) {
        const double y = out(n, at...);
        return y + part * (z(at...) - y) + (1 - part) * (y - before(n, at...));
      };
      const auto result = projected(next);
      std::vector<double> values;
      const Shape one = s.with_images(1);
      for_each(one, [&](Index, auto... at) { values.push_back(result(at...)); });
      std::size_t i = 0;
      for_each(one, [&](Index, auto... at) {
        before(n, at...) = out(n, at...);
        out(n, at...) = static_cast<T>(values[i++]);
      });
    }
  });
}

void ReferenceBackend::approach(Tensor y, Tensor x, Tensor weight) {
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(y), in(x), share(weight);
    for_each(x.shape(), [&](Index n, auto... at) {
      const double w = share.row(n);
      if (w == 1)
        out(n, at...) = in(n, at...);
      else if (w != 0)
        out(n, at...) = static_cast<T>(out(n, at...) + w * (in(n, at...) - out(n, at...)));
    });
  });
}

void ReferenceBackend::distance(Tensor distance, Tensor a, Tensor b, Norm norm) {
  const Shape& s = a.shape();
  dispatch(a.dtype(), [&]<class T>() {
    const View<T> out(distance), left(a), right(b);
    for (Index n = 0; n < s.n; ++n) {
      const auto d = [&](auto... at) {
        return static_cast<double>(left(n, at...)) - right(n, at...);
      };
      double largest = 0;
      for_each(s.with_images(1),
               [&](Index, auto... at) { largest = std::max(largest, std::abs(d(at...))); });
      out.row(n) = static_cast<T>(norm == Norm::linf ? largest : length(s, d));
    }
  });
}

}  // namespace robmask
