// Random starts inside an ε-ball. What is drawn for an image depends on its id only.

#include <array>
#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// The stream of an image: its id, and the step that lives on the machine if there is one.
Stream stream_of(Stream s, const Tensor& step, std::int32_t id) {
  s.image = static_cast<std::uint32_t>(id);
  if (step) s.step = static_cast<std::uint64_t>(*step.data<std::int64_t>());
  return s;
}

template <class T>
void start_in_cube(const Rows<T>& to, const Rows<T>& from, T eps, const Stream& stream, Index n,
                   const Shape& s) {
  std::array<T, 4> u{};
  for (Index p = 0, i = 0; p < s.pixels(); ++p) {
    T* y = to(n, p);
    const T* x = from(n, p);
    for (Index c = 0; c < s.c; ++c, ++i) {
      if (i % 4 == 0) u = random_uniforms<T>(stream, static_cast<std::uint32_t>(i / 4));
      y[c] = clip(x[c] + eps * (2 * u[i % 4] - 1));
    }
  }
}

/// Uniform in direction (a normal vector's) and in radius, eps·u.
template <class T>
void start_in_ball(const Rows<T>& to, const Rows<T>& from, double eps, const Stream& stream,
                   Index n, const Shape& s) {
  const Index d = s.pixels() * s.c;
  std::vector<double> normal(d);
  double squares = 0;
  for (Index i = 0; i < d; ++i) {
    normal[i] = random_normal(stream, static_cast<std::uint32_t>(i));
    squares += normal[i] * normal[i];
  }
  const double u = random_uniform<double>(stream, static_cast<std::uint32_t>(2 * d));
  const double factor = eps * u / std::sqrt(squares);
  for (Index p = 0; p < s.pixels(); ++p)
    for (Index c = 0; c < s.c; ++c)
      to(n, p)[c] = static_cast<T>(clip(from(n, p)[c] + factor * normal[p * s.c + c]));
}

}  // namespace

void CpuBackend::start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream,
                               Tensor step, Tensor ids) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), from(x), radius(eps);
    const Rows<std::int32_t> id(ids);
    const Shape s = long_rows(x.shape(), to, from);
    parallel(s.n, s.count(), [&](Index n) {
      const Stream own = stream_of(stream, step, *id(n));
      if (norm == Norm::linf)
        start_in_cube(to, from, *radius(n), own, n, s);
      else
        start_in_ball(to, from, *radius(n), own, n, s);
    });
  });
}

void CpuBackend::start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream, Tensor step,
                              Tensor ids) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), from(x);
    const Rows<std::int32_t> id(ids);
    parallel(s.n, s.count(), [&](Index n) {
      const Stream own = stream_of(stream, step, *id(n));
      for (Index p = 0, i = 0; p < s.pixels(); ++p)
        for (Index c = 0; c < s.c; ++c, ++i)
          to(n, p)[c] = static_cast<T>(
              clip(from(n, p)[c] + sigma * random_normal(own, static_cast<std::uint32_t>(i))));
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
