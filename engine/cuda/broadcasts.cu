// Maps whose extents may be 1: repeated, and summed over.

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/pixel.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

template <class T, int V>
struct Expand {
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> y, x;
  Shape large, small;
  bool add;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index c = walk.channel(), end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows) {
      const Pixel at(p, large);
      const Index h = small.h == 1 ? 0 : at.h, w = small.w == 1 ? 0 : at.w;
      const T* from = x(at.n, h * small.w + w);
      Pack<Real<T>, V> values;
      if (small.c == large.c)
        values = load<V>(from + c);
      else
        for (int i = 0; i < V; ++i) values.at[i] = static_cast<Real<T>>(*from);
      store<V>(y(0, p) + c, values, add);
    }
  }
};

/// y = [y +] factor·Σ x. A block takes a row of y and 32 channels, of which each thread sums every
/// eighth row of x that belongs there; or, where there is one channel, all channels of these rows.
template <class To, class From>
struct SumExtents {
  static constexpr int columns = gpu::warp_size, lanes = 8, threads = columns * lanes;
  struct Shared {
    double memory[threads];
  };
  Rows<To> y;
  Rows<From> x;
  Shape small, large;
  unsigned count;  // rows of x that belong to one of y
  double factor;
  bool add;

  /// The k-th of the rows of x that belong to row r of y: image by image.
  GPU_DEVICE Index row(unsigned r, unsigned k) const {
    const auto height = static_cast<unsigned>(large.h / small.h);
    const auto width = static_cast<unsigned>(large.w / small.w);
    const auto rows = static_cast<unsigned>(small.h), line = static_cast<unsigned>(small.w);
    const unsigned n = r / (rows * line) + k / (height * width);
    const unsigned h = r / line % rows + k / width % height, w = r % line + k % width;
    return (n * large.h + h) * large.w + w;
  }

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const unsigned r = gpu::block().x;
    double sum = 0;
    if (small.c == 1) {
      const auto channels = static_cast<unsigned>(large.c), all = count * channels;
      for (unsigned i = gpu::thread(); i < all; i += threads)
        sum += x(0, row(r, i / channels))[i % channels];
      sum = block_sum<threads>(sum, s.memory);
      if (gpu::thread() == 0) put(*y(0, r), factor * sum, add);
      return;
    }
    const Index c = Index{gpu::block().y} * columns + gpu::thread() % columns;
    const unsigned lane = gpu::thread() / columns;
    if (c < small.c)
      for (unsigned k = lane; k < count; k += lanes) sum += x(0, row(r, k))[c];
    sum = column_sum<lanes, columns>(sum, s.memory);
    if (lane == 0 && c < small.c) put(y(0, r)[c], factor * sum, add);
  }
};

template <class To, class From>
void sum_extents(gpu::Stream stream, const Sink& y, const Tensor& x, double factor) {
  using Kernel = SumExtents<To, From>;
  const Shape &s = y.to.shape(), &in = x.shape();
  expect(in.count() / s.rows() < Index{1} << 31 && in.rows() < Index{1} << 31,
         "a sum over {} to {}: its pixels must fit 31 bits", to_string(in), to_string(s));
  gpu::launch(stream, {s.rows(), ceil_div(s.c, Kernel::columns)},
              Kernel{.y = Rows<To>(y.to),
                     .x = Rows<From>(x),
                     .small = s,
                     .large = in,
                     .count = static_cast<unsigned>(in.rows() / s.rows()),
                     .factor = factor,
                     .add = y.add});
}

}  // namespace

void CudaBackend::expand(Sink y, Tensor x) {
  dispatch_map(x.dtype(), [&]<class T>() {
    const bool same_channels = x.shape().c == y.to.shape().c;
    with_packs<T>({y.to, same_channels ? x : Tensor()}, [&]<int V>() {
      walk_tiles(stream_, Expand<T, V>{.walk = Tiles<V, 4>(one_image(y.to.shape())),
                                       .y = Rows<T>(y.to),
                                       .x = Rows<T>(x),
                                       .large = y.to.shape(),
                                       .small = x.shape(),
                                       .add = y.add});
    });
  });
}

void CudaBackend::sum_to(Sink y, Tensor x, double factor) {
  const Shape &s = y.to.shape(), &in = x.shape();
  dispatch_map(x.dtype(), [&]<class T>() {
    if (s.n == in.n || s.pixels() == in.pixels()) return sum_extents<T, T>(stream_, y, x, factor);
    // Few rows of many: each image by itself first, so that there are more blocks.
    const Tensor sums(*this, s.with_images(in.n), DType::f64);
    sum_extents<double, T>(stream_, {sums}, x, 1);
    sum_extents<T, double>(stream_, y, sums, factor);
  });
}

}  // namespace robmask::cuda
