// The mask: normalize, rescale, add the residual, clamp; and the blend of masks (docs/mask.md).

#include <cmath>
#include <limits>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

/// Σ_j code_j·table_j of a channel; the table's only row if there is no code.
template <class T>
GPU_DEVICE T blended(const Rows<T>& code, const Rows<T>& table, Index masks, Index r, Index c) {
  if (!code.exists()) return table(0)[c];
  T sum = 0;
  for (Index j = 0; j < masks; ++j) sum += code(r)[j] * table(j)[c];
  return sum;
}

template <class T>
struct Blend {
  static constexpr int threads = 128;
  Rows<T> out, code, table;
  Index masks, channels;

  GPU_DEVICE void operator()() const {
    const Index r = gpu::block().y, c = Index{gpu::block().x} * threads + gpu::thread();
    if (c < channels) out(r)[c] = blended(code, table, masks, r, c);
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

/// A thread makes the lens of one channel in one row.
template <class T>
struct MakeLens {
  static constexpr int threads = 128;
  Rows<T> mean, inverse, scale, shift;
  Rows<T> code, weight, bias, pair_code, means, variances;
  Index masks, pairs, given, channels;  // mean and inverse have `given` rows
  double eps;

  GPU_DEVICE void operator()() const {
    const Index r = gpu::block().x, c = Index{gpu::block().y} * threads + gpu::thread();
    if (c >= channels) return;
    const T mu = blended(pair_code, means, pairs, r, c);
    const double s = 1 / std::sqrt(blended(pair_code, variances, pairs, r, c) + eps);
    const double factor = blended(code, weight, masks, r, c) * s;
    scale(r)[c] = static_cast<T>(factor);
    shift(r)[c] = static_cast<T>(blended(code, bias, masks, r, c) - mu * factor);
    if (r >= given) return;
    mean(r)[c] = mu;
    inverse(r)[c] = static_cast<T>(s);
  }
};

template <class T, int V>
struct ApplyMask {
  using R = Real<T>;
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> z, x, residual;
  Rows<R> scales, shifts;
  R floor;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index n = walk.image(), c = walk.channel(), end = walk.end();
    const auto scale = load<V>(scales(n) + c), shift = load<V>(shifts(n) + c);
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
    gpu::launch(stream_, Columns::blocks(s.c, code.shape().c),
                BlendGradient<T>{.dtable = Rows<T>(dtable.to),
                                 .dout = Rows<T>(dout),
                                 .code = Rows<T>(code),
                                 .images = s.n,
                                 .channels = s.c,
                                 .add = dtable.add});
  });
}

void CudaBackend::make_lens(const Lens& lens, const MaskSource& from) {
  // mean, inverse: R×C or 1×C   scale, shift: R×C
  const Shape& s = lens.scale.shape();
  dispatch(lens.scale.dtype(), [&]<class T>() {
    gpu::launch(stream_, {s.n, ceil_div(s.c, MakeLens<T>::threads)},
                MakeLens<T>{.mean = Rows<T>(lens.mean),
                            .inverse = Rows<T>(lens.inverse),
                            .scale = Rows<T>(lens.scale),
                            .shift = Rows<T>(lens.shift),
                            .code = Rows<T>(from.code),
                            .weight = Rows<T>(from.weight),
                            .bias = Rows<T>(from.bias),
                            .pair_code = Rows<T>(from.pair_code),
                            .means = Rows<T>(from.mean),
                            .variances = Rows<T>(from.variance),
                            .masks = from.code.shape().c,
                            .pairs = from.pair_code ? from.pair_code.shape().c : 0,
                            .given = lens.mean.shape().n,
                            .channels = s.c,
                            .eps = from.eps});
  });
}

void CudaBackend::mask(Tensor z, const MaskPass& pass) {
  // z, x, residual: N·H·W·C
  const Lens& lens = pass.lens;
  const bool shared = lens.scale.shape().n == 1 && lens.shift.shape().n == 1;
  const Shape s = shared ? one_image(z.shape()) : z.shape();
  dispatch_map(z.dtype(), [&]<class T>() {
    using R = Real<T>;
    const R floor = pass.relu ? R(0) : -std::numeric_limits<R>::infinity();
    with_packs<T>({z, pass.x, pass.residual, lens.scale, lens.shift}, [&]<int V>() {
      walk_tiles(stream_, ApplyMask<T, V>{.walk = Tiles<V, 4>(s),
                                          .z = Rows<T>(z),
                                          .x = Rows<T>(pass.x),
                                          .residual = Rows<T>(pass.residual),
                                          .scales = Rows<R>(lens.scale),
                                          .shifts = Rows<R>(lens.shift),
                                          .floor = floor});
    });
  });
}

}  // namespace robmask::cuda
