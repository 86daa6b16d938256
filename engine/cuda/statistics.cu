// Batch statistics: each block takes the moments of a piece of 256 rows that it holds in registers,
// unless the convolution that wrote the map has done so (warp_moments.h); then pieces are combined
// and all is made of them that a mask needs.

#include "engine/cuda/lens_rows.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

/// The moments of each piece. moments: pieces×2×C, the mean of a piece and Σ (x − mean)². Each
/// thread adds its sixteen rows in T's arithmetic, the block adds these sums in double.
template <class T, int V>
struct PieceMoments {
  using R = Real<T>;
  using Walk = Tiles<V, 16>;
  using Sums = Pack<double, V>;
  static constexpr int threads = Walk::threads, rounds = Walk::piece / Walk::rows;
  struct Shared {
    double memory[V][threads];
  };
  Walk walk;
  Rows<T> x;
  Rows<double> moments;

  GPU_DEVICE void operator()() const {
    const Index first = walk.first(), end = walk.inside() ? walk.end() : 0, c = walk.channel();
    Pack<R, V> values[rounds], sums{};
    for (int i = 0; i < rounds; ++i) {
      const Index p = first + i * Walk::rows;
      values[i] = p < end ? load<V>(x(0, p) + c) : Pack<R, V>{};
      sums += values[i];
    }
    const double count = static_cast<double>(walk.end() - walk.piece_number() * Walk::piece);
    Sums mean = block_total(sums);
    Pack<R, V> shift, squares{};
    for (int i = 0; i < V; ++i) {
      mean.at[i] /= count;
      shift.at[i] = static_cast<R>(mean.at[i]);
    }
    for (int i = 0; i < rounds; ++i) {
      if (first + i * Walk::rows >= end) continue;
      for (int j = 0; j < V; ++j) {
        const R d = values[i].at[j] - shift.at[j];
        squares.at[j] += d * d;
      }
    }
    Sums square = block_total(squares);
    if (!walk.inside() || gpu::thread() >= Walk::columns) return;
    // The shift is the mean rounded to R: Σ (x − mean)² = Σ (x − shift)² − count·(mean − shift)².
    for (int i = 0; i < V; ++i) {
      const double d = mean.at[i] - shift.at[i];
      square.at[i] -= count * d * d;
    }
    store<V>(moments(walk.piece_number(), 0) + c, mean);
    store<V>(moments(walk.piece_number(), 1) + c, square);
  }

  GPU_DEVICE static Sums block_total(const Pack<R, V>& mine) {
    std::array<double, V> sums;
    for (int i = 0; i < V; ++i) sums[i] = mine.at[i];
    sums = column_sums<Walk::rows, Walk::columns>(sums, gpu::shared<Shared>().memory);
    return std::bit_cast<Sums>(sums);
  }
};

/// Running statistics that follow those of a batch.
template <class T>
struct RunningRows {
  T *mean = nullptr, *variance = nullptr;
  std::int64_t* tracked = nullptr;
  double kept = 0, mean_factor = 0, variance_factor = 0;

  RunningRows(const Running& running, Index rows) {
    if (!running.mean) return;
    mean = running.mean.data<T>();
    variance = running.variance.data<T>();
    tracked = running.tracked.data<std::int64_t>();
    kept = 1 - running.momentum;
    mean_factor = running.momentum;
    variance_factor = running.momentum * static_cast<double>(rows) / static_cast<double>(rows - 1);
  }
  GPU_DEVICE void follow(Index c, T mu, T biased) const {
    if (mean == nullptr) return;
    if (c == 0) *tracked += 1;
    mean[c] = static_cast<T>(kept * mean[c] + mean_factor * mu);
    variance[c] = static_cast<T>(kept * variance[c] + variance_factor * biased);
  }
};

/// Chan, Golub and LeVeque (1983): with k rows in piece i, M in all, and m_i, q_i its moments,
///   μ = 1/M Σ k_i m_i,   Σ (x − μ)² = Σ_i [ q_i + k_i (m_i − μ)² ]
/// Then what is made of a channel's mean and variance, by whoever has just got them.
template <class T>
struct MakeBatchLens {
  static constexpr int threads = Columns::threads;
  using Shared = Columns::Shared;
  LensRows<T> lens;
  RunningRows<T> running;
  Rows<double> moments;
  Index pieces, piece, rows, channels;

  GPU_DEVICE void operator()() const {
    const Index c = Columns::channel(), end = c < channels ? pieces : 0;
    double sum = 0;
    GPU_UNROLL_FOUR
    for (Index i = Columns::first(); i < end; i += Columns::rows)
      sum += count(i) * moments(i, 0)[c];
    const double mu = Columns::sum(sum) / static_cast<double>(rows);
    double squares = 0;
    GPU_UNROLL_FOUR
    for (Index i = Columns::first(); i < end; i += Columns::rows) {
      const double d = moments(i, 0)[c] - mu;
      squares += moments(i, 1)[c] + count(i) * d * d;
    }
    squares = Columns::sum(squares);
    if (c >= channels) return;
    const T mean = static_cast<T>(mu);
    const T variance = static_cast<T>(squares / static_cast<double>(rows));
    for (Index r = Columns::first(); r < lens.rows; r += Columns::rows)
      lens.make(r, c, mean, variance);
    if (Columns::first() == 0) running.follow(c, mean, variance);
  }

  GPU_DEVICE double count(Index i) const {
    const Index left = rows - i * piece;
    return static_cast<double>(left < piece ? left : piece);
  }
};

/// The moments of the pieces of a map, which is read for them.
Moments take_moments(CudaBackend& machine, const Tensor& x) {
  const Shape &s = x.shape(), tall = one_image(s);
  constexpr Index piece = Tiles<1, 16>::piece;
  const Tensor pieces(machine, {ceil_div(s.rows(), piece), 1, 2, s.c}, DType::f64);
  dispatch_map(x.dtype(), [&]<class T>() {
    with_packs<T>({x, pieces}, [&]<int V>() {
      walk_tiles(machine.stream(),
                 PieceMoments<T, V>{Tiles<V, 16>(tall), Rows<T>(x), Rows<double>(pieces)});
    });
  });
  return {pieces, piece, s.rows()};
}

}  // namespace

void make_batch_lens(CudaBackend& machine, const Lens& lens, const MaskSource& from) {
  const Moments m = from.moments ? from.moments : take_moments(machine, from.x);
  const Index channels = lens.scale.shape().c;
  dispatch(lens.scale.dtype(), [&]<class T>() {
    gpu::launch(machine.stream(), Columns::blocks(channels),
                MakeBatchLens<T>{.lens = LensRows<T>(lens, from),
                                 .running = RunningRows<T>(from.running, m.rows),
                                 .moments = Rows<double>(m.pieces),
                                 .pieces = m.pieces.shape().n,
                                 .piece = m.piece,
                                 .rows = m.rows,
                                 .channels = channels});
  });
}

}  // namespace robmask::cuda
