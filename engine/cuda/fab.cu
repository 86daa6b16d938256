// The steps of FAB: onto a plane inside the cube of images, and a mixture of two such steps.

#include <cmath>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/images.h"

namespace robmask::cuda {

namespace {

/// engine/cpu/fab.cpp says what this computes and why it ends; here a block takes an image.
template <class T>
struct FabStep {
  static constexpr int threads = ImageBlock::threads;
  using Shared = ImageBlock::Shared;
  ImageBlock walk;
  Rows<T> x_adv, x, gradient, value;
  double eta, alpha_max;
  Norm norm;

  template <class F>
  GPU_DEVICE double sum(const F& f) const {
    double total = 0;
    walk.each([&](Index, Index p, Index c) { total += f(p, c); });
    return block_sum<threads>(total, gpu::shared<Shared>().memory);
  }

  /// The step from `from` to the plane at ⟨w, · − from⟩ = −value.
  struct Step {
    Rows<T> from, gradient;
    Norm norm;
    Index n;
    double sign, lambda;

    GPU_DEVICE double w(Index p, Index c) const { return gradient(n, p)[c]; }
    GPU_DEVICE double weight(Index p, Index c) const {
      const double a = std::abs(w(p, c)), least = norm == Norm::linf ? 0 : 1e-8;
      return a > least ? a : 0;
    }
    GPU_DEVICE double rate(Index p, Index c) const {
      const double a = weight(p, c);
      return norm == Norm::linf ? a : a * a;
    }
    GPU_DEVICE double limit(Index p, Index c) const {
      const double t = from(n, p)[c];
      return weight(p, c) * (sign * w(p, c) < 0 ? 1 - t : t);
    }
    GPU_DEVICE bool stops(Index p, Index c) const { return lambda * rate(p, c) >= limit(p, c); }
    GPU_DEVICE double operator()(Index p, Index c) const {
      if (rate(p, c) <= 0) return 0;
      return -sign * (stops(p, c) ? limit(p, c) : lambda * rate(p, c)) / w(p, c);
    }
  };

  GPU_DEVICE Step solved(const Rows<T>& from, Index n, double target) const {
    Step step{.from = from,
              .gradient = gradient,
              .norm = norm,
              .n = n,
              .sign = target >= 0 ? 1.0 : -1.0,
              .lambda = 0};
    for (double arrived = -1;;) {
      const double now = sum([&](Index p, Index c) { return step.stops(p, c) ? 1.0 : 0.0; });
      const double rates =
          sum([&](Index p, Index c) { return step.stops(p, c) ? 0.0 : step.rate(p, c); });
      if (now <= arrived || rates <= 0) return step;
      arrived = now;
      const double limits =
          sum([&](Index p, Index c) { return step.stops(p, c) ? step.limit(p, c) : 0.0; });
      step.lambda = (std::abs(target) - limits) / rates;
    }
  }

  GPU_DEVICE double length(const Step& step) const {
    if (norm == Norm::l2) return walk.norm2([&](Index, Index p, Index c) { return step(p, c); });
    double most = 0;
    walk.each([&](Index, Index p, Index c) {
      const double d = std::abs(step(p, c));
      if (d > most) most = d;
    });
    return block_max<threads>(most, gpu::shared<Shared>().memory);
  }

  GPU_DEVICE void operator()() const {
    const Index n = ImageBlock::image();
    const double slope = sum([&](Index p, Index c) {
      return static_cast<double>(gradient(n, p)[c]) *
             (static_cast<double>(x(n, p)[c]) - x_adv(n, p)[c]);
    });
    const Step near = solved(x_adv, n, *value(n)), back = solved(x, n, *value(n) + slope);
    const double to_near = length(near), to_back = length(back);
    const double a = to_near > 1e-8 ? to_near : 1e-8, b = to_back > 1e-8 ? to_back : 1e-8;
    const double alpha = a / (a + b) < alpha_max ? a / (a + b) : alpha_max;
    walk.each([&](Index, Index p, Index c) {
      const double y = x_adv(n, p)[c] + eta * near(p, c), x0 = x(n, p)[c] + eta * back(p, c);
      x_adv(n, p)[c] = static_cast<T>(clip((1 - alpha) * y + alpha * x0));
    });
  }
};

}  // namespace

void CudaBackend::fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta,
                           double alpha_max, Norm norm) {
  dispatch(x.dtype(), [&]<class T>() {
    gpu::launch(stream_, x.shape().n,
                FabStep<T>{.walk = ImageBlock(x.shape()),
                           .x_adv = Rows<T>(x_adv),
                           .x = Rows<T>(x),
                           .gradient = Rows<T>(gradient),
                           .value = Rows<T>(value),
                           .eta = eta,
                           .alpha_max = alpha_max,
                           .norm = norm});
  });
}

}  // namespace robmask::cuda
