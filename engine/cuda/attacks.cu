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
                  StepInBall<T>{ImageBlock(x.shape()), to, from, g, rate, radius});
    } else {
      const Shape s = long_rows(x.shape(), to, from, g);
      each_element(stream_, s,
                   StepInCube<T>{to, from, g, rate, radius, static_cast<unsigned>(s.pixels())});
    }
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
