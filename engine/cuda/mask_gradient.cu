// The gradient of the mask (docs/mask.md). With g = dz·[z > 0] and x̂ = (x − μ)·s,
// s = 1/√(σ² + eps), each image gives two sums a channel, A_n = Σ g and B_n = Σ g·x̂; then over the
// M rows of the batch
//   dx = γ_n·s·g − s/M·Σ γ_m A_m − s·x̂/M·Σ γ_m B_m      through batch statistics,
//   dx = γ_n·s·g                                          through given ones.

#include <algorithm>
#include <array>
#include <bit>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

/// dz where z > 0, else 0; dz itself if there is no z, for then there is no ReLU.
template <int V, class T>
GPU_DEVICE Pack<Real<T>, V> gated(const Rows<T>& dz, const Rows<T>& z, Index n, Index p, Index c) {
  auto g = load<V>(dz(n, p) + c);
  if (!z.exists()) return g;
  const auto forward = load<V>(z(n, p) + c);
  for (int i = 0; i < V; ++i) g.at[i] = forward.at[i] > 0 ? g.at[i] : 0;
  return g;
}

/// Σ g and Σ g·(x − μ) over each piece of each image. sums: N×pieces×2×C; the second needs x. Each
/// thread adds its sixteen pixels in T's arithmetic, the block adds these sums in double.
template <class T, int V>
struct PieceSums {
  using R = Real<T>;
  using Walk = Tiles<V, 16>;
  static constexpr int threads = Walk::threads;
  struct Shared {
    double memory[2 * V][threads];
  };
  Walk walk;
  Rows<T> dz, z, x;
  Rows<R> mean;
  Rows<double> sums;

  GPU_DEVICE void operator()() const {
    const Index n = walk.image(), c = walk.channel(), end = walk.inside() ? walk.end() : 0;
    const auto m = walk.inside() && x.exists() ? load<V>(mean(n) + c) : Pack<R, V>{};
    Pack<R, V> a{}, b{};
    GPU_UNROLL_FOUR
    for (Index p = walk.first(); p < end; p += Walk::rows) {
      const auto g = gated<V>(dz, z, n, p, c);
      a += g;  // A_n = Σ g
      if (!x.exists()) continue;
      const auto from = load<V>(x(n, p) + c);
      for (int i = 0; i < V; ++i) b.at[i] += g.at[i] * (from.at[i] - m.at[i]);  // B_n / s
    }
    std::array<double, 2 * V> both;
    for (int i = 0; i < V; ++i) {
      both[i] = a.at[i];
      both[V + i] = b.at[i];
    }
    both = column_sums<Walk::rows, Walk::columns>(both, gpu::shared<Shared>().memory);
    if (!walk.inside() || gpu::thread() >= Walk::columns) return;
    const auto [sum_a, sum_b] = std::bit_cast<std::array<Pack<double, V>, 2>>(both);
    store<V>(sums(n, 2 * walk.piece_number()) + c, sum_a);
    store<V>(sums(n, 2 * walk.piece_number() + 1) + c, sum_b);
  }
};

/// Where the gradient of a mask's weights or biases goes; nowhere if it is not wanted.
template <class R>
struct TableSink {
  Rows<R> to;
  bool add;

  explicit TableSink(const Sink& sink) : to(sink.to), add(sink.add) {}
};

/// dw_j = Σ_n u_nj B_n and dw'_j = Σ_n u_nj A_n; base = s·mean(h) = s/M·Σ γ_n A_n and tilt =
/// s²·mean(hx̂) = s²/M·Σ γ_n B_n of the batch, with h = γ_n·g. Each image's sums are left in the
/// place of its first piece's.
template <class R>
struct BatchSums {
  static constexpr int threads = Columns::threads;
  using Shared = Columns::Shared;
  TableSink<R> dweight, dbias;
  Rows<R> code;
  Index masks;
  Rows<R> base, tilt;      // may be missing
  Rows<R> inverse, slope;  // s and γ_n·s
  Rows<double> sums;
  Index images, pieces, channels;
  double rows;

  GPU_DEVICE void operator()() const {
    const Index c = Columns::channel(), end = c < channels ? images : 0;
    double a = 0, b = 0;  // s·Σ γ_n A_n, s·Σ γ_n B_n
    for (Index n = Columns::first(); n < end; n += Columns::rows) {
      double an = 0, bn = 0;
      GPU_UNROLL_FOUR
      for (Index i = 0; i < pieces; ++i) {
        an += sums(n, 2 * i)[c];
        bn += sums(n, 2 * i + 1)[c];
      }
      bn *= inverse(n)[c];
      sums(n, 0)[c] = an;
      sums(n, 1)[c] = bn;
      a += slope(n)[c] * an;
      b += slope(n)[c] * bn;
    }
    if (dweight.to.exists()) blend(dweight, 1);
    if (dbias.to.exists()) blend(dbias, 0);
    if (!base.exists()) return;
    a = Columns::sum(a);
    b = Columns::sum(b);
    if (c >= channels || Columns::first() != 0) return;
    base(0)[c] = static_cast<R>(a / rows);
    tilt(0)[c] = static_cast<R>(inverse(0)[c] * b / rows);
  }

  /// to_j = [to_j +] Σ_n u_nj A_n or B_n
  GPU_DEVICE void blend(const TableSink<R>& to, Index which) const {
    const Index c = Columns::channel(), end = c < channels ? images : 0;
    for (Index j = 0; j < masks; ++j) {
      double sum = 0;
      for (Index n = Columns::first(); n < end; n += Columns::rows)
        sum += code(n)[j] * sums(n, which)[c];
      sum = Columns::sum(sum);
      if (c < channels && Columns::first() == 0) put(to.to(j)[c], sum, to.add);
    }
  }
};

/// dx = s·(h − mean(h) − x̂·mean(hx̂)) as slope·g − base − tilt·(x − μ), base and tilt zero where
/// statistics were given; dresidual = g. All pixels of a thread are read before the first is
/// written, so that reads do not wait for each other.
template <class T, int V>
struct MapGradients {
  using R = Real<T>;
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> dx, dresidual;
  bool add_x, add_residual;
  Rows<T> dz, z, x;
  Rows<R> mean, slopes, base, tilt;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index n = walk.image(), c = walk.channel();
    const auto slope = load<V>(slopes(n) + c);
    Pack<R, V> m{}, less{}, less_x{};
    if (base.exists()) {
      m = load<V>(mean(n) + c);
      less = load<V>(base(0) + c);
      less_x = load<V>(tilt(0) + c);
    }
    Pack<R, V> gradients[Walk::rounds], from[Walk::rounds];
    walk.each_pixel([&](int i, Index p) {
      gradients[i] = gated<V>(dz, z, n, p, c);
      if (base.exists()) from[i] = load<V>(x(n, p) + c);
    });
    walk.each_pixel([&](int i, Index p) {
      auto& g = gradients[i];
      if (dresidual.exists()) store<V>(dresidual(n, p) + c, g, add_residual);
      if (!dx.exists()) return;
      for (int j = 0; j < V; ++j) g.at[j] *= slope.at[j];
      if (base.exists())
        for (int j = 0; j < V; ++j)
          g.at[j] = g.at[j] - less.at[j] - less_x.at[j] * (from[i].at[j] - m.at[j]);
      store<V>(dx(n, p) + c, g, add_x);
    });
  }
};

/// What the kernels read. z is empty without ReLU, x where x̂ is not asked for.
struct Maps {
  Tensor dz, z, x;
};

/// Gradients of the masks where they are wanted; base and tilt unless they are empty.
void sum_images(CudaBackend& machine, const MaskGradients& wanted, const Tensor& base,
                const Tensor& tilt, const Maps& maps, const Lens& lens) {
  const Shape& s = maps.dz.shape();
  const Index pieces = ceil_div(s.pixels(), Tiles<1, 16>::piece);
  const Tensor sums(machine, {s.n, pieces, 2, s.c}, DType::f64);
  dispatch_map(maps.dz.dtype(), [&]<class T>() {
    using R = Real<T>;
    with_packs<T>({maps.dz, maps.z, maps.x, lens.mean}, [&]<int V>() {
      walk_tiles(machine.stream(), PieceSums<T, V>{.walk = Tiles<V, 16>(s),
                                                   .dz = Rows<T>(maps.dz),
                                                   .z = Rows<T>(maps.z),
                                                   .x = Rows<T>(maps.x),
                                                   .mean = Rows<R>(lens.mean),
                                                   .sums = Rows<double>(sums)});
    });
    gpu::launch(machine.stream(), Columns::blocks(s.c),
                BatchSums<R>{.dweight = TableSink<R>(wanted.weight),
                             .dbias = TableSink<R>(wanted.bias),
                             .code = Rows<R>(wanted.code),
                             .masks = wanted.code ? wanted.code.shape().c : 0,
                             .base = Rows<R>(base),
                             .tilt = Rows<R>(tilt),
                             .inverse = Rows<R>(lens.inverse),
                             .slope = Rows<R>(lens.scale),
                             .sums = Rows<double>(sums),
                             .images = s.n,
                             .pieces = pieces,
                             .channels = s.c,
                             .rows = static_cast<double>(s.rows())});
  });
}

void write_maps(CudaBackend& machine, const Sink& dx, const Sink& dresidual, const Tensor& base,
                const Tensor& tilt, const Maps& maps, const Lens& lens) {
  const bool shared = lens.mean.shape().n == 1 && lens.scale.shape().n == 1;
  const Shape s = shared ? one_image(maps.dz.shape()) : maps.dz.shape();
  dispatch_map(maps.dz.dtype(), [&]<class T>() {
    using R = Real<T>;
    with_packs<T>(
        {dx.to, dresidual.to, maps.dz, maps.z, maps.x, lens.mean, lens.scale}, [&]<int V>() {
          walk_tiles(machine.stream(), MapGradients<T, V>{.walk = Tiles<V, 4>(s),
                                                          .dx = Rows<T>(dx.to),
                                                          .dresidual = Rows<T>(dresidual.to),
                                                          .add_x = dx.add,
                                                          .add_residual = dresidual.add,
                                                          .dz = Rows<T>(maps.dz),
                                                          .z = Rows<T>(maps.z),
                                                          .x = Rows<T>(maps.x),
                                                          .mean = Rows<R>(lens.mean),
                                                          .slopes = Rows<R>(lens.scale),
                                                          .base = Rows<R>(base),
                                                          .tilt = Rows<R>(tilt)});
        });
  });
}

}  // namespace

void CudaBackend::mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z,
                                const MaskPass& pass, bool batch_statistics) {
  // dz, z, x, dx, dresidual: N·H·W·C   base, tilt: C
  const bool centered = batch_statistics || wanted.weight.to;
  const Maps maps{dz, pass.relu ? z : Tensor(), centered ? pass.x : Tensor()};
  Tensor base, tilt;
  if (batch_statistics) {
    base = Tensor(*this, {1, 1, 1, dz.shape().c}, pass.lens.mean.dtype());
    tilt = Tensor(*this, base.shape(), base.dtype());
  }
  if (centered || wanted.bias.to) sum_images(*this, wanted, base, tilt, maps, pass.lens);
  if (wanted.x.to || wanted.residual.to)
    write_maps(*this, wanted.x, wanted.residual, base, tilt, maps, pass.lens);
}

}  // namespace robmask::cuda
