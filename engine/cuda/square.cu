// What Square tries next: a window of the perturbation painted anew. A block takes an image.

#include <cmath>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/images.h"

namespace robmask::cuda {

namespace {

template <class T>
struct SquareStep {
  static constexpr int threads = ImageBlock::threads;
  using Shared = ImageBlock::Shared;
  ImageBlock walk;
  Rows<T> x_new, best, x, sign, pattern, eps;
  Rows<std::int32_t> place;
  Index width, pattern_width;
  Norm norm;

  /// Is pixel p in the window at (row, column)?
  GPU_DEVICE bool inside(Index p, Index n, int row, int column) const {
    const Index h = p / width - place(n)[row], w = p % width - place(n)[column];
    return h >= 0 && h < place(n)[0] && w >= 0 && w < place(n)[0];
  }
  GPU_DEVICE bool first(Index p, Index n) const { return inside(p, n, 1, 2); }
  GPU_DEVICE bool second(Index p, Index n) const { return inside(p, n, 3, 4); }

  GPU_DEVICE void in_cube(Index n) const {
    const T e = *eps(n);
    walk.each([&](Index, Index p, Index c) {
      const T middle = x(n, p)[c], at = best(n, p)[c];
      const T low = middle - e, high = middle + e, moved = at + 2 * e * sign(n)[c];
      x_new(n, p)[c] = first(p, n) ? clip(moved < low ? low : moved > high ? high : moved) : at;
    });
  }

  /// √Σ of value(p)² over the pixels of channel c where `where`.
  template <class V, class W>
  GPU_DEVICE double norm_of(Index c, const V& value, const W& where) const {
    return walk.norm2([&](Index, Index p, Index channel) {
      return channel == c && where(p) ? static_cast<double>(value(p)) : 0.0;
    });
  }

  GPU_DEVICE void in_ball(Index n) const {
    const auto delta = [&](Index p, Index c) {
      return static_cast<double>(best(n, p)[c]) - x(n, p)[c];
    };
    const double e = *eps(n);
    const double whole = walk.norm2([&](Index, Index p, Index c) { return delta(p, c); });
    const double spare =
        (e * e > whole * whole ? e * e - whole * whole : 0) / static_cast<double>(walk.channels);
    double squared = 0;
    for (Index c = 0; c < walk.channels; ++c) {
      const auto of_c = [&](Index p) { return delta(p, c); };
      const auto in_first = [&](Index p) { return first(p, n); };
      const double window = norm_of(c, of_c, in_first);
      const double both = norm_of(c, of_c, [&](Index p) { return first(p, n) || second(p, n); });
      const double rest = norm_of(c, of_c, [&](Index p) { return !first(p, n) && !second(p, n); });
      const auto painted = [&](Index p) {
        const Index h = p / width - place(n)[1], w = p % width - place(n)[2];
        return delta(p, c) / (1e-12 + window) + sign(n)[c] * *pattern(n, h * pattern_width + w);
      };
      const double length = norm_of(c, painted, in_first);
      const double factor = std::sqrt(spare + both * both) / (1e-12 + length);
      squared += rest * rest + factor * factor * length * length;
      // x_new holds δ until its length is known. A thread reads only what it wrote itself.
      walk.each([&](Index, Index p, Index channel) {
        if (channel != c) return;
        const double d = first(p, n) ? factor * painted(p) : second(p, n) ? 0 : delta(p, c);
        x_new(n, p)[c] = static_cast<T>(d);
      });
    }
    const double factor = e / (1e-12 + std::sqrt(squared));
    walk.each([&](Index, Index p, Index c) {
      x_new(n, p)[c] = static_cast<T>(clip(x(n, p)[c] + factor * x_new(n, p)[c]));
    });
  }

  GPU_DEVICE void operator()() const {
    const Index n = ImageBlock::image();
    if (norm == Norm::linf)
      in_cube(n);
    else
      in_ball(n);
  }
};

}  // namespace

void CudaBackend::square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares,
                              Tensor eps, Norm norm) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> pattern(squares.pattern);
    gpu::launch(stream_, s.n,
                SquareStep<T>{.walk = ImageBlock(s),
                              .x_new = Rows<T>(x_new),
                              .best = Rows<T>(best),
                              .x = Rows<T>(x),
                              .sign = Rows<T>(squares.sign),
                              .pattern = pattern,
                              .eps = Rows<T>(eps),
                              .place = Rows<std::int32_t>(squares.place),
                              .width = s.w,
                              .pattern_width = pattern.data ? squares.pattern.shape().w : 0,
                              .norm = norm});
  });
}

}  // namespace robmask::cuda
