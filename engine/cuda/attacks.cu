// The steps of attacks inside an ε-ball.

#include <cmath>

#include "engine/cuda/elements.h"
#include "engine/cuda/images.h"

namespace robmask::cuda {

namespace {

/// x_adv moves by α·sign(g), then back into the cube of ±ε around x and into [0,1].
template <class T>
struct StepInCube {
  Rows<T> x_adv, x, gradient, alpha, eps;
  unsigned pixels;

  GPU_DEVICE void operator()(Index r, Index c) const {
    const Index n = static_cast<unsigned>(r) / pixels, p = static_cast<unsigned>(r) % pixels;
    const T g = gradient(n, p)[c], from = x(n, p)[c], radius = *eps(n);
    T& y = x_adv(n, p)[c];
    const T sign = static_cast<T>(g > T(0)) - static_cast<T>(g < T(0));
    const T low = from - radius, high = from + radius, moved = y + *alpha(n) * sign;
    y = clip(moved < low ? low : moved > high ? high : moved);
  }
};

/// x_adv moves by α·g/‖g‖₂, then back into the ball of radius ε around x and into [0,1].
template <class T>
struct StepInBall {
  static constexpr int threads = ImageBlock::threads;
  using Shared = ImageBlock::Shared;
  ImageBlock walk;
  Rows<T> x_adv, x, gradient, alpha, eps;

  GPU_DEVICE void operator()() const {
    const Index n = ImageBlock::image();
    const double length = walk.norm2([&](Index, Index p, Index c) { return gradient(n, p)[c]; });
    const double rate = length > 0 ? *alpha(n) / length : 0;  // beyond a float if g nearly vanishes
    // From here to the end x_adv holds δ. A thread reads only what it wrote itself.
    walk.each([&](Index, Index p, Index c) {
      T& delta = x_adv(n, p)[c];
      delta = static_cast<T>(delta - x(n, p)[c] + rate * gradient(n, p)[c]);
    });
    const double radius = walk.norm2([&](Index, Index p, Index c) { return x_adv(n, p)[c]; });
    const T shrink = static_cast<T>(radius > *eps(n) ? *eps(n) / radius : 1);
    walk.each([&](Index, Index p, Index c) {
      T& y = x_adv(n, p)[c];
      y = clip(x(n, p)[c] + shrink * y);
    });
  }
};

/// A step of APGD in the cube of ±ε.
template <class T>
struct MomentumInCube {
  Rows<T> x_adv, previous, x, gradient, alpha, share, eps;
  unsigned pixels;

  GPU_DEVICE void operator()(Index r, Index c) const {
    const Index n = static_cast<unsigned>(r) / pixels, p = static_cast<unsigned>(r) % pixels;
    const T g = gradient(n, p)[c], from = x(n, p)[c], radius = *eps(n), a = *share(n);
    T &y = x_adv(n, p)[c], &before = previous(n, p)[c];
    const T sign = static_cast<T>(g > T(0)) - static_cast<T>(g < T(0));
    const T low = from - radius, high = from + radius, at = y, moved = at + *alpha(n) * sign;
    const T z = clip(moved < low ? low : moved > high ? high : moved);
    const T next = at + a * (z - at) + (1 - a) * (at - before);
    before = at;
    y = clip(next < low ? low : next > high ? high : next);
  }
};

/// A step of APGD in the ball of radius ε.
template <class T>
struct MomentumInBall {
  static constexpr int threads = ImageBlock::threads;
  using Shared = ImageBlock::Shared;
  ImageBlock walk;
  Rows<T> x_adv, previous, x, gradient, alpha, share, eps;

  GPU_DEVICE void operator()() const {
    const Index n = ImageBlock::image();
    const double a = *share(n), e = *eps(n);
    const double length = walk.norm2([&](Index, Index p, Index c) { return gradient(n, p)[c]; });
    const double rate = length > 0 ? *alpha(n) / length : 0;
    const auto moved = [&](Index, Index p, Index c) {  // δ after the step
      return static_cast<double>(x_adv(n, p)[c]) - x(n, p)[c] + rate * gradient(n, p)[c];
    };
    const double far = walk.norm2(moved), shrink = far > e ? e / far : 1;
    const auto mixed = [&](Index i, Index p, Index c) {  // δ with momentum
      const double at = x_adv(n, p)[c], from = x(n, p)[c];
      const double z = clip(from + shrink * moved(i, p, c));
      return at + a * (z - at) + (1 - a) * (at - previous(n, p)[c]) - from;
    };
    const double radius = walk.norm2(mixed), back = radius > e ? e / radius : 1;
    walk.each([&](Index i, Index p, Index c) {
      const double delta = back * mixed(i, p, c);
      previous(n, p)[c] = x_adv(n, p)[c];
      x_adv(n, p)[c] = static_cast<T>(clip(x(n, p)[c] + delta));
    });
  }
};

/// y moves to x by a share of the way.
template <class T>
struct Approach {
  Rows<T> y, x, weight;
  unsigned pixels;

  GPU_DEVICE void operator()(Index r, Index c) const {
    const Index n = static_cast<unsigned>(r) / pixels, p = static_cast<unsigned>(r) % pixels;
    const T w = *weight(n), target = x(n, p)[c];
    T& to = y(n, p)[c];
    if (w != T(0)) to = w == T(1) ? target : to + w * (target - to);
  }
};

/// distance[n] = ‖a − b‖ of image n.
template <class T>
struct Distance {
  static constexpr int threads = ImageBlock::threads;
  using Shared = ImageBlock::Shared;
  ImageBlock walk;
  Rows<T> distance, a, b;
  Norm norm;

  GPU_DEVICE void operator()() const {
    const Index n = ImageBlock::image();
    const auto difference = [&](Index, Index p, Index c) {
      return static_cast<double>(a(n, p)[c]) - b(n, p)[c];
    };
    double result = 0;
    if (norm == Norm::l2) {
      result = walk.norm2(difference);
    } else {
      walk.each([&](Index i, Index p, Index c) {
        const double d = std::abs(difference(i, p, c));
        if (d > result) result = d;
      });
      result = block_max<threads>(result, gpu::shared<Shared>().memory);
    }
    if (gpu::thread() == 0) *distance(n) = static_cast<T>(result);
  }
};

}  // namespace

void CudaBackend::pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                           Norm norm) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), from(x), g(gradient), rate(alpha), radius(eps);
    if (norm == Norm::l2) {
      gpu::launch(stream_, x.shape().n,
                  StepInBall<T>{.walk = ImageBlock(x.shape()),
                                .x_adv = to,
                                .x = from,
                                .gradient = g,
                                .alpha = rate,
                                .eps = radius});
    } else {
      const Shape s = long_rows(x.shape(), to, from, g);
      each_element(stream_, s,
                   StepInCube<T>{.x_adv = to,
                                 .x = from,
                                 .gradient = g,
                                 .alpha = rate,
                                 .eps = radius,
                                 .pixels = static_cast<unsigned>(s.pixels())});
    }
  });
}

void CudaBackend::apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient, Tensor alpha,
                            Tensor a, Tensor eps, Norm norm) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), before(previous), from(x), g(gradient), rate(alpha), share(a),
        radius(eps);
    if (norm == Norm::l2) {
      gpu::launch(stream_, x.shape().n,
                  MomentumInBall<T>{.walk = ImageBlock(x.shape()),
                                    .x_adv = to,
                                    .previous = before,
                                    .x = from,
                                    .gradient = g,
                                    .alpha = rate,
                                    .share = share,
                                    .eps = radius});
    } else {
      const Shape s = long_rows(x.shape(), to, before, from, g);
      each_element(stream_, s,
                   MomentumInCube<T>{.x_adv = to,
                                     .previous = before,
                                     .x = from,
                                     .gradient = g,
                                     .alpha = rate,
                                     .share = share,
                                     .eps = radius,
                                     .pixels = static_cast<unsigned>(s.pixels())});
    }
  });
}

void CudaBackend::approach(Tensor y, Tensor x, Tensor weight) {
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y), from(x);
    const Shape s = long_rows(x.shape(), to, from);
    each_element(stream_, s,
                 Approach<T>{to, from, Rows<T>(weight), static_cast<unsigned>(s.pixels())});
  });
}

void CudaBackend::distance(Tensor distance, Tensor a, Tensor b, Norm norm) {
  dispatch(a.dtype(), [&]<class T>() {
    gpu::launch(
        stream_, a.shape().n,
        Distance<T>{ImageBlock(a.shape()), Rows<T>(distance), Rows<T>(a), Rows<T>(b), norm});
  });
}

}  // namespace robmask::cuda
