#pragma once
// A block's tile of a matrix product on tensor cores, in steps of 64 bytes of the depth. The panels
// of the next steps are on their way into other stages of shared memory while those of this one are
// multiplied. A sum is one chain of additions in the order of the depth, wherever in the tile.

#include "engine/cuda/warp_panel.h"

namespace robmask::cuda {

/// A block's tile, and in it that of each warp.
template <int rows_, int columns_, int warp_rows_, int warp_columns_>
struct WarpTile {
  static constexpr int rows = rows_, columns = columns_;
  static constexpr int warp_rows = warp_rows_, warp_columns = warp_columns_;
  static constexpr int across = columns / warp_columns, stages = 3;
  static constexpr int threads = gpu::warp_size * across * (rows / warp_rows);
  static_assert(warp_rows % 16 == 0 && warp_columns % 16 == 0);
  static_assert(rows % warp_rows == 0 && columns % warp_columns == 0);
};

/// Both factors of one step.
template <class Left_, class Right_>
struct Stage {
  using Left = Left_;
  using Right = Right_;
  Left left;
  Right right;
};

/// The sums of this thread in its warp's tile, in blocks of 16×8 as the tensor cores hand them out.
template <class Tile>
struct WarpSums {
  float at[Tile::warp_rows / 16][Tile::warp_columns / 8][4] = {};

  GPU_DEVICE static int first_row() {
    return gpu::thread() / gpu::warp_size / Tile::across * Tile::warp_rows;
  }
  GPU_DEVICE static int first_column() {
    return gpu::thread() / gpu::warp_size % Tile::across * Tile::warp_columns;
  }

  template <class T, class Stage>
  GPU_DEVICE void add_products(const Stage& stage) {
    GPU_UNROLL
    for (int half = 0; half < 2; ++half) {
      gpu::Fragment left[Tile::warp_rows / 16], right[Tile::warp_columns / 16];
      GPU_UNROLL
      for (int i = 0; i < Tile::warp_rows / 16; ++i)
        left[i] = stage.left.template fragment<false>(first_row() + 16 * i, half);
      GPU_UNROLL
      for (int j = 0; j < Tile::warp_columns / 16; ++j)
        right[j] = stage.right.template fragment<true>(first_column() + 16 * j, half);
      GPU_UNROLL
      for (int i = 0; i < Tile::warp_rows / 16; ++i) {
        GPU_UNROLL
        for (int j = 0; j < Tile::warp_columns / 8; ++j) {
          const auto& words = right[j / 2].words;
          gpu::multiply_add<T>(at[i][j], left[i], words[j % 2 * 2], words[j % 2 * 2 + 1]);
        }
      }
    }
  }

  /// f(row, column, a, b) takes this thread's sums of two neighbours in a row of the tile.
  template <class F>
  GPU_DEVICE void each_pair(F&& f) const {
    const int g = gpu::thread() % gpu::warp_size / 4, t = gpu::thread() % 4;
    GPU_UNROLL
    for (int i = 0; i < Tile::warp_rows / 8; ++i) {
      GPU_UNROLL
      for (int j = 0; j < Tile::warp_columns / 8; ++j) {
        const float(&sums)[4] = at[i / 2][j];
        f(first_row() + 8 * i + g, first_column() + 8 * j + 2 * t, sums[i % 2 * 2],
          sums[i % 2 * 2 + 1]);
      }
    }
  }
};

/// The sums over `steps` steps; `source.bring` starts to bring the panels of the next one.
template <class T, class Tile, class Stage, class Source>
GPU_DEVICE WarpSums<Tile> multiply(Stage (&stages)[Tile::stages], Source& source, int steps) {
  constexpr int ahead = Tile::stages - 1;
  WarpSums<Tile> sums;
  GPU_UNROLL
  for (int step = 0; step < ahead; ++step) {
    if (step < steps) source.bring(stages[step]);
    gpu::commit_copies();  // an empty group too: they are counted
  }
  int now = 0, next = ahead;
  for (int step = 0; step < steps; ++step) {
    // Behind the barrier this step is there for all, and all are done with the stage that is next.
    gpu::wait_copies<ahead - 1>();
    gpu::barrier();
    if (step + ahead < steps) source.bring(stages[next]);
    gpu::commit_copies();
    sums.template add_products<T>(stages[now]);
    now = now + 1 == Tile::stages ? 0 : now + 1;
    next = next + 1 == Tile::stages ? 0 : next + 1;
  }
  return sums;
}

}  // namespace robmask::cuda
