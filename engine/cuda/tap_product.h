#pragma once
// A convolution and its input gradient as one product of matrices (implicit GEMM): rows are the
// written pixels of a batch, gathered tap by tap from the map that is read; no patch matrix is
// ever built.

#include "engine/cuda/taps.h"
#include "engine/cuda/tile_product.h"

namespace robmask::cuda {

/// The weight of a tap from channel `depth` to channel `column` of a group, as strides in elements.
template <class T>
struct WeightView {
  const T* data;
  Index tap, group, depth, column;
};

/// The factors as `multiply` asks for them. Channels of a pixel lie together, so the left ones are
/// taken along the depth; the right ones along it only if the weights are read transposed.
template <class T, class Tile, bool transposed>
struct TapSource {
  using Sum = Accumulator<T>;

  const Taps& taps;
  Gathered<T> read;
  WeightView<T> weight;
  int first_column, columns;
  Lane<Tile, true> left;
  Lane<Tile, transposed> right;
  Place places[Tile::left];

  GPU_DEVICE void fetch(Fetched<Sum, Tile>& to, int step) const {
    const Tap tap = taps.tap(step * Tile::depth + left.k);
    for (int i = 0; i < Tile::left; ++i) to.left[i] = static_cast<Sum>(read(places[i], tap));

    const int k = step * Tile::depth + right.k;
    int channel;
    const int number = taps.weight(k, channel);
    const T* from = weight.data + number * weight.tap + channel * weight.depth;
    for (int j = 0; j < Tile::right; ++j) {
      const int column = first_column + right.at + j * Tile::lanes;
      const bool inside = k < taps.terms() && column < columns;
      to.right[j] = inside ? static_cast<Sum>(from[column * weight.column]) : Sum(0);
    }
  }
};

/// written[p][·] = [old +] Σ over terms of read[place(p) + tap][·] · weight, a group a layer of the
/// grid. `columns` counts the channels of a group on the written side.
template <class T, class Tile, bool transposed>
struct TapProduct {
  using Sum = Accumulator<T>;
  struct Shared {
    Panels<Sum, Tile> panels[2];
  };
  static constexpr int threads = Tile::threads;

  Taps taps;
  Gathered<T> read;
  WeightView<T> weight;
  T* to;
  Index pitch;
  int pixels, depth, columns, column_tiles;
  bool add;

  /// Tiles of the same pixels are neighbours: they read the same part of the map.
  gpu::Blocks blocks(Index groups) const {
    return {Index{(pixels + Tile::rows - 1) / Tile::rows} * column_tiles, 1, groups};
  }

  GPU_DEVICE void operator()() const {
    const auto tile = static_cast<int>(gpu::block().x), group = static_cast<int>(gpu::block().z);
    const int first_pixel = tile / column_tiles * Tile::rows;
    const int first_column = tile % column_tiles * Tile::columns;
    TapSource<T, Tile, transposed> source{.taps = taps,
                                          .read = read,
                                          .weight = weight,
                                          .first_column = first_column,
                                          .columns = columns,
                                          .left = Lane<Tile, true>(gpu::thread()),
                                          .right = Lane<Tile, transposed>(gpu::thread()),
                                          .places = {}};
    source.read.data += group * depth;
    source.weight.data += group * weight.group;
    for (int i = 0; i < Tile::left; ++i)
      source.places[i] = taps.place(first_pixel + source.left.at + i * Tile::lanes);

    const int steps = (taps.terms() + Tile::depth - 1) / Tile::depth;
    auto& panels = gpu::shared<Shared>().panels;
    store(multiply(panels, source, steps), first_pixel, first_column, to + group * columns);
  }

  GPU_DEVICE void store(const Sums<Sum, Tile>& sums, int first_pixel, int first_column,
                        T* group) const {
    for (int i = 0; i < Tile::thread_rows; ++i) {
      const int p = first_pixel + sums.first_row() + i;
      if (p >= pixels) return;
      T* row = group + taps.written(p) * pitch;
      for (int j = 0; j < Tile::thread_columns; ++j) {
        const int column = first_column + sums.first_column() + j;
        if (column < columns)
          row[column] = static_cast<T>(add ? row[column] + sums.at[i][j] : sums.at[i][j]);
      }
    }
  }
};

}  // namespace robmask::cuda
