// Maps whose pixels move.

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/pixel.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

template <class T, int V>
struct Place {
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> y, x;
  Shape out, in;
  Index top, left;
  Real<T> outside;
  bool add;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index c = walk.channel(), end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows) {
      const Pixel at(p, out);
      const Index h = at.h - top, w = at.w - left;
      Pack<Real<T>, V> values;
      for (int i = 0; i < V; ++i) values.at[i] = outside;
      if (h >= 0 && h < in.h && w >= 0 && w < in.w) values = load<V>(x(at.n, h * in.w + w) + c);
      store<V>(y(0, p) + c, values, add);
    }
  }
};

/// A block takes a square of pixels × channels through shared memory, so that neighbouring threads
/// read neighbouring channels and write neighbouring pixels.
template <class T>
struct Transpose {
  static constexpr int side = 32, lines = 8, threads = side * lines;
  struct Shared {
    T square[side][side + 1];
  };
  Rows<T> y, x;
  Index pixels, channels, bands;
  bool add;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int column = gpu::thread() % side, line = gpu::thread() / side;
    const Index n = gpu::block().x / bands, top = gpu::block().x % bands * side;
    const Index left = Index{gpu::block().y} * side;
    for (int i = line; i < side; i += lines)
      if (top + i < pixels && left + column < channels)
        s.square[i][column] = x(n, top + i)[left + column];
    gpu::barrier();
    for (int i = line; i < side; i += lines)
      if (left + i < channels && top + column < pixels)
        store<1>(y(n, left + i) + top + column, {{static_cast<Real<T>>(s.square[column][i])}}, add);
  }
};

}  // namespace

void CudaBackend::place(Sink y, Tensor x, Index top, Index left, double outside) {
  dispatch_map(x.dtype(), [&]<class T>() {
    with_packs<T>({y.to, x}, [&]<int V>() {
      walk_tiles(stream_, Place<T, V>{.walk = Tiles<V, 4>(one_image(y.to.shape())),
                                      .y = Rows<T>(y.to),
                                      .x = Rows<T>(x),
                                      .out = y.to.shape(),
                                      .in = x.shape(),
                                      .top = top,
                                      .left = left,
                                      .outside = static_cast<Real<T>>(outside),
                                      .add = y.add});
    });
  });
}

void CudaBackend::transpose(Sink y, Tensor x) {
  // x: N·P·C   y: N·C·P
  const Shape& s = x.shape();
  dispatch_map(x.dtype(), [&]<class T>() {
    constexpr int side = Transpose<T>::side;
    const Index bands = ceil_div(s.pixels(), side);
    gpu::launch(stream_, {s.n * bands, ceil_div(s.c, side)},
                Transpose<T>{.y = Rows<T>(y.to),
                             .x = Rows<T>(x),
                             .pixels = s.pixels(),
                             .channels = s.c,
                             .bands = bands,
                             .add = y.add});
  });
}

}  // namespace robmask::cuda
