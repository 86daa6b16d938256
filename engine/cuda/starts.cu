// Random starts inside an ε-ball. What is drawn for an image depends on its id only.

#include <cmath>

#include "engine/cuda/elements.h"
#include "engine/cuda/images.h"

namespace robmask::cuda {

namespace {

/// The streams of the images: each its id, and the step that lives on the device if there is one.
struct ImageStreams {
  Stream stream;
  const std::int64_t* step;
  Rows<std::int32_t> ids;

  ImageStreams(const Stream& s, const Tensor& counter, const Tensor& images)
      : stream(s), step(counter ? counter.data<std::int64_t>() : nullptr), ids(images) {}
  GPU_DEVICE Stream of(Index n) const {
    Stream own = stream;
    own.image = static_cast<std::uint32_t>(*ids(n));
    if (step != nullptr) own.step = static_cast<std::uint64_t>(*step);
    return own;
  }
};

/// Four elements of an image, number 4·block and on: x_adv = clip(x + ε·(2u − 1)).
template <class T>
struct StartInCube {
  Rows<T> x_adv, x, eps;
  ImageStreams streams;
  Index pixels, channels;

  GPU_DEVICE void operator()(Index n, Index block) const {
    const auto u = random_uniforms<T>(streams.of(n), static_cast<std::uint32_t>(block));
    for (int k = 0; k < 4; ++k) {
      const Index i = 4 * block + k, p = i / channels, c = i % channels;
      if (p < pixels) x_adv(n, p)[c] = clip(x(n, p)[c] + *eps(n) * (2 * u[k] - 1));
    }
  }
};

/// Uniform in direction (a normal vector's) and in radius, ε·u.
template <class T>
struct StartInBall {
  static constexpr int threads = ImageBlock::threads;
  using Shared = ImageBlock::Shared;
  ImageBlock walk;
  Rows<T> x_adv, x, eps;
  ImageStreams streams;

  GPU_DEVICE void operator()() const {
    const Index n = ImageBlock::image(), d = walk.pixels * walk.channels;
    const Stream stream = streams.of(n);
    const auto normal = [&](Index i, Index, Index) {
      return random_normal(stream, static_cast<std::uint32_t>(i));
    };
    const double u = random_uniform<double>(stream, static_cast<std::uint32_t>(2 * d));
    const double factor = *eps(n) * u / walk.norm2(normal);
    walk.each([&](Index i, Index p, Index c) {
      x_adv(n, p)[c] = static_cast<T>(clip(x(n, p)[c] + factor * normal(i, p, c)));
    });
  }
};

/// x_adv = clip(x + σ·normal)
template <class T>
struct StartNormal {
  Rows<T> x_adv, x;
  double sigma;
  ImageStreams streams;
  unsigned pixels, channels;

  GPU_DEVICE void operator()(Index r, Index c) const {
    const unsigned n = static_cast<unsigned>(r) / pixels, p = static_cast<unsigned>(r) % pixels;
    const double z = random_normal(streams.of(n), p * channels + static_cast<unsigned>(c));
    x_adv(0, r)[c] = static_cast<T>(clip(x(0, r)[c] + sigma * z));
  }
};

}  // namespace

void CudaBackend::start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream,
                                Tensor step, Tensor ids) {
  const Shape& s = x.shape();
  const ImageStreams streams(stream, step, ids);
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(x_adv), from(x), radius(eps);
    if (norm == Norm::linf)
      each_element(stream_, {s.n, 1, 1, ceil_div(s.pixels() * s.c, 4)},
                   StartInCube<T>{.x_adv = to,
                                  .x = from,
                                  .eps = radius,
                                  .streams = streams,
                                  .pixels = s.pixels(),
                                  .channels = s.c});
    else
      gpu::launch(stream_, s.n, StartInBall<T>{ImageBlock(s), to, from, radius, streams});
  });
}

void CudaBackend::start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream, Tensor step,
                               Tensor ids) {
  const Shape& s = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    each_element(stream_, s,
                 StartNormal<T>{.x_adv = Rows<T>(x_adv),
                                .x = Rows<T>(x),
                                .sigma = sigma,
                                .streams = ImageStreams(stream, step, ids),
                                .pixels = static_cast<unsigned>(s.pixels()),
                                .channels = static_cast<unsigned>(s.c)});
  });
}

}  // namespace robmask::cuda
