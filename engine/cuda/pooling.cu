// Pooling: a thread takes one pixel of the result and some neighbouring channels, and gathers.

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/pixel.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

template <class To, class From, int V>
struct AveragePool {
  using R = Real<To>;
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<To> y;
  Rows<From> x;
  Shape out, in;
  int kernel;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index c = walk.channel(), end = walk.end();
    const R area = static_cast<R>(kernel * kernel);
    for (Index p = walk.first(); p < end; p += Walk::rows) {
      const Pixel at(p, out);
      Pack<R, V> sum{};
      for (int h = at.h * kernel; h < (at.h + 1) * kernel; ++h) {
        GPU_UNROLL_FOUR
        for (int w = at.w * kernel; w < (at.w + 1) * kernel; ++w)
          sum += load<V>(x(at.n, h * in.w + w) + c);
      }
      for (int i = 0; i < V; ++i) sum.at[i] /= area;
      store<V>(y(0, p) + c, sum);
    }
  }
};

/// Pixels beyond the last whole window get 0.
template <class To, class From, int V>
struct AveragePoolGradient {
  using R = Real<To>;
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<To> dx;
  Rows<From> dy;
  Shape in, out;
  int kernel;
  bool add;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index c = walk.channel(), end = walk.end();
    const R area = static_cast<R>(kernel * kernel);
    for (Index p = walk.first(); p < end; p += Walk::rows) {
      const Pixel at(p, in);
      const int h = at.h / kernel, w = at.w / kernel;
      Pack<R, V> g{};
      if (h < out.h && w < out.w) g = load<V>(dy(at.n, h * out.w + w) + c);
      for (int i = 0; i < V; ++i) g.at[i] /= area;
      store<V>(dx(0, p) + c, g, add);
    }
  }
};

template <class T, int V>
struct MaxPool {
  using R = Real<T>;
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> y, x;
  Rows<std::int32_t> argmax;
  Shape out, in;
  int kernel, stride, pad;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows) choose(p, walk.channel());
  }

  GPU_DEVICE void choose(Index p, Index c) const {
    const Pixel at(p, out);
    const int height = static_cast<int>(in.h), width = static_cast<int>(in.w);
    const int top = at.h * stride - pad, left = at.w * stride - pad;
    const int h0 = top > 0 ? top : 0, w0 = left > 0 ? left : 0;
    const int h1 = top + kernel < height ? top + kernel : height;
    const int w1 = left + kernel < width ? left + kernel : width;
    Pack<R, V> best = load<V>(x(at.n, h0 * width + w0) + c);
    Pack<std::int32_t, V> chosen;
    for (int i = 0; i < V; ++i) chosen.at[i] = h0 * width + w0;
    for (int h = h0; h < h1; ++h)
      for (int w = w0; w < w1; ++w) {
        const int pixel = h * width + w;
        const auto from = load<V>(x(at.n, pixel) + c);
        for (int i = 0; i < V; ++i) {
          const R value = from.at[i];
          const bool better = value > best.at[i] || value != value;  // a NaN wins, as in PyTorch
          best.at[i] = better ? value : best.at[i];
          chosen.at[i] = better ? pixel : chosen.at[i];
        }
      }
    store<V>(y(0, p) + c, best);
    store<V>(argmax(0, p) + c, chosen);
  }
};

/// Each pixel asks the windows that it lies in, in order, whether they chose it.
template <class T, int V>
struct MaxPoolGradient {
  using R = Real<T>;
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> dx, dy;
  Rows<std::int32_t> argmax;
  Shape in, out;
  int kernel, stride, pad;
  bool add;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index c = walk.channel(), end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows) {
      const Pixel at(p, in);
      const int pixel = at.h * static_cast<int>(in.w) + at.w;
      Pack<R, V> sum{};
      for (int h = first_window(at.h); h <= last_window(at.h, out.h); ++h)
        for (int w = first_window(at.w); w <= last_window(at.w, out.w); ++w) {
          const Index window = h * out.w + w;
          const auto chosen = load<V>(argmax(at.n, window) + c);
          const auto g = load<V>(dy(at.n, window) + c);
          for (int i = 0; i < V; ++i) sum.at[i] += chosen.at[i] == pixel ? g.at[i] : 0;
        }
      store<V>(dx(0, p) + c, sum, add);
    }
  }

  /// Window k covers [k·stride − pad, k·stride − pad + kernel).
  GPU_DEVICE int first_window(int at) const {
    return at + pad < kernel ? 0 : (at + pad - kernel) / stride + 1;
  }
  GPU_DEVICE int last_window(int at, Index windows) const {
    const int last = (at + pad) / stride, count = static_cast<int>(windows);
    return last < count ? last : count - 1;
  }
};

}  // namespace

void CudaBackend::average_pool(Tensor y, Tensor x, const Window& window) {
  // x: N·H·W·C   y: N·H'·W'·C
  dispatch_maps(y.dtype(), x.dtype(), [&]<class To, class From>() {
    with_packs<From>({y, x}, [&]<int V>() {
      walk_tiles(stream_, AveragePool<To, From, V>{.walk = Tiles<V, 4>(one_image(y.shape())),
                                                   .y = Rows<To>(y),
                                                   .x = Rows<From>(x),
                                                   .out = y.shape(),
                                                   .in = x.shape(),
                                                   .kernel = static_cast<int>(window.kernel)});
    });
  });
}

void CudaBackend::average_pool_gradient(Sink dx, Tensor dy, const Window& window) {
  // dx: N·H·W·C   dy: N·H'·W'·C
  dispatch_maps(dx.to.dtype(), dy.dtype(), [&]<class To, class From>() {
    with_packs<To>({dx.to, dy}, [&]<int V>() {
      walk_tiles(stream_,
                 AveragePoolGradient<To, From, V>{.walk = Tiles<V, 4>(one_image(dx.to.shape())),
                                                  .dx = Rows<To>(dx.to),
                                                  .dy = Rows<From>(dy),
                                                  .in = dx.to.shape(),
                                                  .out = dy.shape(),
                                                  .kernel = static_cast<int>(window.kernel),
                                                  .add = dx.add});
    });
  });
}

void CudaBackend::max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) {
  // x: N·H·W·C   y, argmax: N·H'·W'·C
  dispatch_map(y.dtype(), [&]<class T>() {
    with_packs<T>({y, argmax, x}, [&]<int V>() {
      walk_tiles(stream_, MaxPool<T, V>{.walk = Tiles<V, 4>(one_image(y.shape())),
                                        .y = Rows<T>(y),
                                        .x = Rows<T>(x),
                                        .argmax = Rows<std::int32_t>(argmax),
                                        .out = y.shape(),
                                        .in = x.shape(),
                                        .kernel = static_cast<int>(window.kernel),
                                        .stride = static_cast<int>(window.stride),
                                        .pad = static_cast<int>(window.pad)});
    });
  });
}

void CudaBackend::max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window& window) {
  // dx: N·H·W·C   dy, argmax: N·H'·W'·C
  dispatch_map(dy.dtype(), [&]<class T>() {
    with_packs<T>({dx.to, dy, argmax}, [&]<int V>() {
      walk_tiles(stream_, MaxPoolGradient<T, V>{.walk = Tiles<V, 4>(one_image(dx.to.shape())),
                                                .dx = Rows<T>(dx.to),
                                                .dy = Rows<T>(dy),
                                                .argmax = Rows<std::int32_t>(argmax),
                                                .in = dx.to.shape(),
                                                .out = dy.shape(),
                                                .kernel = static_cast<int>(window.kernel),
                                                .stride = static_cast<int>(window.stride),
                                                .pad = static_cast<int>(window.pad),
                                                .add = dx.add});
    });
  });
}

}  // namespace robmask::cuda
