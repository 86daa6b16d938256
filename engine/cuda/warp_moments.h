#pragma once
// The convolution of warp_taps.h for a map that batch statistics are asked of next: what they need
// is taken from the registers that hold a tile, so a tile is a piece of engine/moments.h.

#include "engine/cuda/rows.h"
#include "engine/cuda/warp_taps.h"

namespace robmask::cuda {

/// The sums as they are stored: statistics are of what the mask will read.
template <class Out, class Tile>
GPU_DEVICE WarpSums<Tile> as_stored(WarpSums<Tile> sums) {
  GPU_UNROLL
  for (auto& blocks : sums.at) {
    GPU_UNROLL
    for (auto& block : blocks) {
      GPU_UNROLL
      for (int i = 0; i < 4; i += 2) {
        const auto stored = Pair<Out>::rounded(block[i], block[i + 1]);
        block[i] = stored.first;
        block[i + 1] = stored.second;
      }
    }
  }
  return sums;
}

/// Of two columns a lane goes on with one, the second where its number & 4: it gets the other
/// lane's share of that one and gives its share of the other. Then Σ over a column's eight lanes.
template <class Real>
GPU_DEVICE Real sum_of_lanes(Real first, Real second) {
  const bool is_second = gpu::thread() & 4;
  Real sum = (is_second ? second : first) + gpu::shuffle_xor(is_second ? first : second, 4);
  sum += gpu::shuffle_xor(sum, 8);
  return sum + gpu::shuffle_xor(sum, 16);
}

struct ColumnMoments {
  double mean, squares;
};

/// Sums of a tile's columns, in a fixed order. Thread c looks after column c.
template <class Tile>
class TileColumns {
 public:
  /// Of this thread's column, the mean over its `rows` rows and Σ (y − mean)².
  GPU_DEVICE ColumnMoments moments(const WarpSums<Tile>& y, int rows) {
    add<double>(y, rows, [](float value, int) { return value; });
    const double mean = total() / rows;
    const auto around = static_cast<float>(mean);
    if (gpu::thread() < Tile::columns) shift[gpu::thread()] = around;
    gpu::barrier();
    add<float>(y, rows, [&](float value, int column) {
      const float d = value - shift[column];
      return d * d;
    });
    // The shift is the mean rounded: Σ (y − mean)² = Σ (y − shift)² − rows·(mean − shift)².
    return {mean, total() - rows * (mean - around) * (mean - around)};
  }

 private:
  static constexpr int warps = Tile::rows / Tile::warp_rows;  // below each other
  static_assert(Tile::columns <= Tile::threads);

  double of_warp[warps][Tile::columns];  // what each warp has added up
  float shift[Tile::columns];            // taken off before numbers are squared

  /// Adds up f(y, column) over the `rows` rows that exist: eight rows or fewer of a thread in
  /// float, those of a warp in Real.
  template <class Real, class F>
  GPU_DEVICE void add(const WarpSums<Tile>& y, int rows, F&& f) {
    const int lane = gpu::thread() % gpu::warp_size;
    GPU_UNROLL
    for (int j = 0; j < Tile::warp_columns / 8; ++j) {
      const int column = y.first_column() + 8 * j + lane % 4 * 2;
      float first = 0, second = 0;
      GPU_UNROLL
      for (int i = 0; i < Tile::warp_rows / 8; ++i) {
        if (y.first_row() + 8 * i + lane / 4 >= rows) continue;
        const float(&block)[4] = y.at[i / 2][j];
        first += f(block[i % 2 * 2], column);
        second += f(block[i % 2 * 2 + 1], column + 1);
      }
      const Real sum = sum_of_lanes<Real>(first, second);
      if (lane < 8) of_warp[y.first_row() / Tile::warp_rows][column + lane / 4] = sum;
    }
  }
  /// What all warps have added up of this thread's column.
  GPU_DEVICE double total() const {
    gpu::barrier();
    double sum = 0;
    if (gpu::thread() < Tile::columns)
      for (int warp = 0; warp < warps; ++warp) sum += of_warp[warp][gpu::thread()];
    return sum;
  }
};

/// The convolution, and the moments of its tiles as `statistics` takes those of its own pieces.
template <class T, class Out, class Tile, class Source>
struct WarpTapProductWithMoments {
  using Product = WarpTapProduct<T, Out, Tile, Source, 1>;
  struct Shared {
    typename Product::Shared product;
    TileColumns<Tile> columns;
  };
  static constexpr int threads = Tile::threads;

  Rows<double> moments;
  Product product;

  GPU_DEVICE void operator()() const {
    auto& shared = gpu::shared<Shared>();
    const WarpSums<Tile> y = as_stored<Out>(product.sums(shared.product));
    TileColumns<Tile>& columns = shared.columns;
    const int left = product.mine().pixels() - product.first_pixel();
    const int rows = left < Tile::rows ? left : Tile::rows, c = gpu::thread();
    const auto [mean, squares] = columns.moments(y, rows);
    // Last: before, its addresses would take registers from all this.
    product.store(y, shared.product);
    if (c >= Tile::columns || product.first_column() + c >= product.factors.columns) return;
    const int piece = product.first_pixel() / Tile::rows, channel = product.first_channel() + c;
    moments(piece, 0)[channel] = mean;
    moments(piece, 1)[channel] = squares;
  }
};

}  // namespace robmask::cuda
