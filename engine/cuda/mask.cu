// The mask: normalize, rescale, add the residual, clamp; and the blend of masks (docs/mask.md).

#include <limits>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/lens_rows.h"
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
    if (c < channels) out(r)[c] = blended(code, table, masks, r, c);
  }
};

/// Of given statistics: a thread makes the lens of one channel in one row.
template <class T>
struct MakeLens {
  static constexpr int threads = 128;
  LensRows<T> lens;
  Rows<T> pair_code, means, variances;
  Index pairs, channels;

  GPU_DEVICE void operator()() const {
    const Index r = gpu::block().x, c = Index{gpu::block().y} * threads + gpu::thread();
    if (c >= channels) return;
    lens.make(r, c, blended(pair_code, means, pairs, r, c),
              blended(pair_code, variances, pairs, r, c));
  }
};

/// All pixels of a thread are read before the first is written: reads do not wait for each other.
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
    const Index n = walk.image(), c = walk.channel();
    const auto scale = load<V>(scales(n) + c), shift = load<V>(shifts(n) + c);
    Pack<R, V> from[Walk::rounds], added[Walk::rounds];
    walk.each_pixel([&](int i, Index p) {
      from[i] = load<V>(x(n, p) + c);
      if (residual.exists()) added[i] = load<V>(residual(n, p) + c);
    });
    walk.each_pixel([&](int i, Index p) {
      auto& y = from[i];
      for (int j = 0; j < V; ++j) y.at[j] = y.at[j] * scale.at[j] + shift.at[j];
      if (residual.exists()) y += added[i];
      for (int j = 0; j < V; ++j) y.at[j] = floor > y.at[j] ? floor : y.at[j];  // NaN stays NaN
      store<V>(z(n, p) + c, y);
    });
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

void CudaBackend::make_lens(const Lens& lens, const MaskSource& from) {
  // mean, inverse: R×C or 1×C   scale, shift: R×C
  if (from.x) return make_batch_lens(*this, lens, from);
  const Shape& s = lens.scale.shape();
  dispatch(lens.scale.dtype(), [&]<class T>() {
    gpu::launch(stream_, {s.n, ceil_div(s.c, MakeLens<T>::threads)},
                MakeLens<T>{.lens = LensRows<T>(lens, from),
                            .pair_code = Rows<T>(from.pair_code),
                            .means = Rows<T>(from.mean),
                            .variances = Rows<T>(from.variance),
                            .pairs = from.pair_code ? from.pair_code.shape().c : 0,
                            .channels = s.c});
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
