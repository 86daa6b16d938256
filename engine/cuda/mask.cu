// The mask: normalize, rescale, add the residual, clamp; and the blend of masks (docs/mask.md).

#include <cmath>
#include <limits>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

template <class T>
struct Blend {
  static constexpr int threads = 128;
  Rows<T> out, code, table;
  Index masks, channels;

  GPU_DEVICE void operator()() const {
    const Index r = gpu::block().y, c = Index{gpu::block().x} * threads + gpu::thread();
    if (c >= channels) return;
    T sum = 0;
    for (Index j = 0; j < masks; ++j) sum += code(r)[j] * table(j)[c];
    out(r)[c] = sum;
  }
};

template <class T>
struct BlendGradient {
  static constexpr int threads = Columns::threads;
  using Shared = Columns::Shared;
  Rows<T> dtable, dout, code;
  Index images, channels;
  bool add;

  GPU_DEVICE void operator()() const {
    const Index j = gpu::block().y, c = Columns::channel();
    double sum = 0;
    if (c < channels)
      for (Index n = Columns::first(); n < images; n += Columns::rows)
        sum += static_cast<double>(code(n)[j]) * dout(n)[c];
    sum = Columns::sum(sum);
    if (c >= channels || Columns::first() != 0) return;
    T& to = dtable(j)[c];
    to = static_cast<T>(add ? to + sum : sum);
  }
};

/// The mask of a channel as z = x·scale + shift: scale = γ/√(σ² + eps), shift = β − μ·scale. Each
/// thread makes it once for all of its pixels.
template <class T, int V>
struct ApplyMask {
  using R = Real<T>;
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> z, x, residual;
  Rows<R> mean, variance, gamma, beta;
  double eps;
  R floor;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index n = walk.image(), c = walk.channel(), end = walk.end();
    const auto m = load<V>(mean(n) + c), v = load<V>(variance(n) + c);
    const auto g = load<V>(gamma(n) + c), b = load<V>(beta(n) + c);
    Pack<R, V> scale, shift;
    for (int i = 0; i < V; ++i) {
      const double factor = g.at[i] / std::sqrt(v.at[i] + eps);
      scale.at[i] = static_cast<R>(factor);
      shift.at[i] = static_cast<R>(b.at[i] - m.at[i] * factor);
    }
    for (Index p = walk.first(); p < end; p += walk.rows) {
      auto y = load<V>(x(n, p) + c);
      for (int i = 0; i < V; ++i) y.at[i] = y.at[i] * scale.at[i] + shift.at[i];
      if (residual.exists()) y += load<V>(residual(n, p) + c);
      for (int i = 0; i < V; ++i) y.at[i] = floor > y.at[i] ? floor : y.at[i];  // NaN stays NaN
      store<V>(z(n, p) + c, y);
    }
  }
};

}  // namespace

void CudaBackend::blend(Tensor out, Tensor code, Tensor table) {
  // out: R×C   code: R×k   table: k×C
  const Shape& s = out.shape();
  dispatch(out.dtype(), [&]<class T>() {
    gpu::launch(stream_, {ceil_div(s.c, Blend<T>::threads), s.n},
                Blend<T>{Rows<T>(out), Rows<T>(code), Rows<T>(table), code.shape().c, s.c});
  });
}

void CudaBackend::blend_gradient(Sink dtable, Tensor dout, Tensor code) {
  // dtable: k×C   dout: N×C   code: N×k or 1×k
  const Shape& s = dout.shape();
  dispatch(dout.dtype(), [&]<class T>() {
    gpu::launch(
        stream_, Columns::blocks(s.c, code.shape().c),
        BlendGradient<T>{Rows<T>(dtable.to), Rows<T>(dout), Rows<T>(code), s.n, s.c, dtable.add});
  });
}

void CudaBackend::mask(Tensor z, const MaskPass& pass) {
  // z, x, residual: N·H·W·C
  const bool shared = pass.mean.shape().n == 1 && pass.variance.shape().n == 1 &&
                      pass.gamma.shape().n == 1 && pass.beta.shape().n == 1;
  const Shape s = shared ? one_image(z.shape()) : z.shape();
  dispatch_map(z.dtype(), [&]<class T>() {
    using R = Real<T>;
    const R floor = pass.relu ? R(0) : -std::numeric_limits<R>::infinity();
    with_packs<T>({z, pass.x, pass.residual, pass.mean, pass.variance, pass.gamma, pass.beta},
                  [&]<int V>() {
                    walk_tiles(stream_, ApplyMask<T, V>{Tiles<V, 4>(s), Rows<T>(z), Rows<T>(pass.x),
                                                        Rows<T>(pass.residual), Rows<R>(pass.mean),
                                                        Rows<R>(pass.variance), Rows<R>(pass.gamma),
                                                        Rows<R>(pass.beta), pass.eps, floor});
                  });
  });
}

}  // namespace robmask::cuda
