#pragma once
// The weight gradient as a product of matrices: rows are terms (tap, channel of x), columns
// channels of dy, and the sum runs over all pixels. Few rows and columns and a long sum: it is cut
// into pieces, whose number depends on the shape alone, and their sums are added in order.

#include <algorithm>

#include "engine/cuda/taps.h"
#include "engine/cuda/tile.h"
#include "engine/cuda/tile_product.h"

namespace robmask::cuda {

/// Into how many pieces the sum over `pixels` is cut: enough for `tiles` tiles to fill a large GPU
/// twice over, each long enough to be worth it.
inline Index pieces_of(Index pixels, Index tiles) {
  constexpr Index blocks = 512, shortest = 128;
  return std::max<Index>(std::min(blocks / tiles, pixels / shortest), 1);
}

/// The factors as `multiply` asks for them: both maps have neighbours in memory across the depth.
template <class T, class Tile>
struct PixelSource {
  using Sum = Accumulator<T>;

  const Taps& taps;
  Gathered<T> x;
  const T* dy;
  Index dy_pitch;
  int first_pixel, end, first_column, columns;
  Lane<Tile, false> left, right;
  Tap rows[Tile::left];

  GPU_DEVICE void fetch(Fetched<Sum, Tile>& to, int step) const {
    const int p = first_pixel + step * Tile::depth + left.k;
    const Place place = p < end ? taps.place(p) : Place{nowhere, nowhere, 0};
    for (int i = 0; i < Tile::left; ++i) to.left[i] = static_cast<Sum>(x(place, rows[i]));

    const T* from = dy + p * dy_pitch;
    for (int j = 0; j < Tile::right; ++j) {
      const int column = first_column + right.at + j * Tile::lanes;
      to.right[j] = p < end && column < columns ? static_cast<Sum>(from[column]) : Sum(0);
    }
  }
};

/// sums[piece][term][·] = Σ over the pixels of a piece of x[place + tap]·dy[pixel][·]; a piece a
/// row of the grid, a group a layer.
template <class T, class Tile>
struct PixelProduct {
  using Sum = Accumulator<T>;
  struct Shared {
    Panels<Sum, Tile> panels[2];
  };
  static constexpr int threads = Tile::threads;

  Taps taps;
  Gathered<T> x;
  const T* dy;
  Index dy_pitch;
  Sum* sums;  // pieces × terms × all columns
  int pixels, piece_pixels, depth, columns, column_tiles, all_columns;

  GPU_DEVICE void operator()() const {
    const auto tile = static_cast<int>(gpu::block().x), piece = static_cast<int>(gpu::block().y),
               group = static_cast<int>(gpu::block().z);
    const int first_row = tile / column_tiles * Tile::rows;
    const int first_column = tile % column_tiles * Tile::columns;
    const int first_pixel = piece * piece_pixels;
    const int end = first_pixel + piece_pixels < pixels ? first_pixel + piece_pixels : pixels;
    const Lane<Tile, false> lane(gpu::thread());
    PixelSource<T, Tile> source{.taps = taps,
                                .x = x,
                                .dy = dy + group * columns,
                                .dy_pitch = dy_pitch,
                                .first_pixel = first_pixel,
                                .end = end,
                                .first_column = first_column,
                                .columns = columns,
                                .left = lane,
                                .right = lane,
                                .rows = {}};
    source.x.data += group * depth;
    for (int i = 0; i < Tile::left; ++i)
      source.rows[i] = taps.tap(first_row + lane.at + i * Tile::lanes);

    const int steps = (end - first_pixel + Tile::depth - 1) / Tile::depth;
    auto& panels = gpu::shared<Shared>().panels;
    store(multiply(panels, source, steps), first_row, first_column,
          sums + Index{piece} * taps.terms() * all_columns + group * columns);
  }

  GPU_DEVICE void store(const Sums<Sum, Tile>& result, int first_row, int first_column,
                        Sum* to) const {
    for (int i = 0; i < Tile::thread_rows; ++i) {
      const int row = first_row + result.first_row() + i;
      if (row >= taps.terms()) return;
      for (int j = 0; j < Tile::thread_columns; ++j) {
        const int column = first_column + result.first_column() + j;
        if (column < columns) to[Index{row} * all_columns + column] = result.at[i][j];
      }
    }
  }
};

/// dw = [dw +] Σ over the pieces: each of `lanes` threads adds every lanes-th piece, in order, the
/// first of them adds their sums. A thread takes V neighbours of a row.
template <class Sum, int V, int lanes>
struct AddPieces {
  static constexpr int threads = 256, width = threads / lanes;
  struct Shared {
    Pack<Sum, V> sums[lanes][width];
  };

  Sum* dw;
  Index pitch;
  const Sum* sums;  // pieces × count
  Index count;
  int pieces, columns;
  bool add;

  GPU_DEVICE void operator()() const {
    const int at = gpu::thread() % width, lane = gpu::thread() / width;
    const Index i = (Index{gpu::block().x} * width + at) * V;
    Pack<Sum, V> sum{};
    if (i < count)
      for (int piece = lane; piece < pieces; piece += lanes)
        sum += load<V>(sums + piece * count + i);
    if constexpr (lanes > 1) {
      auto& shared = gpu::shared<Shared>();
      shared.sums[lane][at] = sum;
      gpu::barrier();
      if (lane > 0) return;
      for (int other = 1; other < lanes; ++other) sum += shared.sums[other][at];
    }
    if (i < count) store<V>(dw + i / columns * pitch + i % columns, sum, add);
  }
};

/// dw: terms×columns   sums: pieces×terms×columns. Few pieces are no work for several lanes, many
/// would be a long wait for one.
template <class Sum>
void add_pieces(gpu::Stream stream, const Sink& dw, const Tensor& sums) {
  const Shape& s = sums.shape();
  const auto run = [&]<int V, int lanes>() {
    using Kernel = AddPieces<Sum, V, lanes>;
    gpu::launch(stream, ceil_div(s.w * s.c, Kernel::width * V),
                Kernel{.dw = dw.to.data<Sum>(),
                       .pitch = dw.to.pitch(),
                       .sums = sums.data<Sum>(),
                       .count = s.w * s.c,
                       .pieces = static_cast<int>(s.n),
                       .columns = static_cast<int>(s.c),
                       .add = dw.add});
  };
  with_packs<Sum>({dw.to, sums}, [&]<int V>() {
    if (s.n <= 16)
      run.template operator()<V, 1>();
    else
      run.template operator()<V, 8>();
  });
}

}  // namespace robmask::cuda
