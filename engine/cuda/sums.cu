// Sums over everything, in pieces of a fixed size.

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

/// Block i: to_i = [to_i +] factor · Σ of the elements [i·piece, (i + 1)·piece) of x. Every thread
/// takes every 256th of them.
template <class To, class T>
struct SumPiece {
  static constexpr int threads = 256;
  struct Shared {
    double memory[threads];
  };
  To* to;
  Rows<T> x;
  Index channels, count, piece;
  double factor;
  bool add;

  GPU_DEVICE void operator()() const {
    const Index block = gpu::block().x, first = block * piece;
    const Index end = first + piece < count ? first + piece : count;
    double sum = 0;
    for (Index i = first + gpu::thread(); i < end; i += threads)
      sum += x.data[x.pitch == channels ? i : i / channels * x.pitch + i % channels];
    sum = block_sum<threads>(sum, gpu::shared<Shared>().memory);
    if (gpu::thread() == 0) put(to[block], factor * sum, add);
  }
};

/// to = [to +] factor · Σ x: pieces first unless x is one.
template <class To>
void total(CudaBackend& machine, To* to, const Tensor& x, double factor, bool add) {
  constexpr Index piece = 4096;
  const Index count = x.shape().count(), pieces = ceil_div(count, piece);
  dispatch(x.dtype(), [&]<class T>() {
    if (pieces <= 1) {
      gpu::launch(machine.stream(), 1,
                  SumPiece<To, T>{.to = to,
                                  .x = Rows<T>(x),
                                  .channels = x.shape().c,
                                  .count = count,
                                  .piece = piece,
                                  .factor = factor,
                                  .add = add});
      return;
    }
    const Tensor sums(machine, {1, 1, 1, pieces}, DType::f64);
    gpu::launch(machine.stream(), pieces,
                SumPiece<double, T>{.to = sums.data<double>(),
                                    .x = Rows<T>(x),
                                    .channels = x.shape().c,
                                    .count = count,
                                    .piece = piece,
                                    .factor = 1,
                                    .add = false});
    gpu::launch(machine.stream(), 1,
                SumPiece<To, double>{.to = to,
                                     .x = Rows<double>(sums),
                                     .channels = pieces,
                                     .count = pieces,
                                     .piece = pieces,
                                     .factor = factor,
                                     .add = add});
  });
}

template <class T, int V>
struct Spread {
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> dx;
  const T* dy;
  double factor;
  bool add;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    Pack<Real<T>, V> g;
    for (int i = 0; i < V; ++i) g.at[i] = static_cast<Real<T>>(factor * *dy);
    const Index end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows)
      store<V>(dx(0, p) + walk.channel(), g, add);
  }
};

}  // namespace

void CudaBackend::sum(Sink y, Tensor x, double factor) {
  dispatch(y.to.dtype(), [&]<class T>() { total(*this, y.to.data<T>(), x, factor, y.add); });
}

void CudaBackend::sum_gradient(Sink dx, Tensor dy, double factor) {
  dispatch(dy.dtype(), [&]<class T>() {
    with_packs<T>({dx.to}, [&]<int V>() {
      walk_tiles(stream_, Spread<T, V>{.walk = Tiles<V, 4>(one_image(dx.to.shape())),
                                       .dx = Rows<T>(dx.to),
                                       .dy = dy.data<T>(),
                                       .factor = factor,
                                       .add = dx.add});
    });
  });
}

}  // namespace robmask::cuda
