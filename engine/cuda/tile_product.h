#pragma once
// One block's share of a matrix product: a tile of rows × columns sums, taken step by step along
// the depth of the product through two buffers of shared memory. A sum is one chain of additions in
// the order of the depth, so it has the same bits whatever the tile and wherever in it the row is.

#include "engine/cuda/gpu.h"

namespace robmask::cuda {

/// What sums of products of T are kept in: never below float.
template <class T>
using Accumulator = std::conditional_t<std::is_same_v<T, double>, double, float>;

/// A block's tile, and in it the sums of one thread.
template <int rows_, int columns_, int depth_, int thread_rows_, int thread_columns_>
struct Tile {
  static constexpr int rows = rows_, columns = columns_, depth = depth_;
  static constexpr int thread_rows = thread_rows_, thread_columns = thread_columns_;
  static constexpr int threads = rows / thread_rows * (columns / thread_columns);

  /// A thread brings elements of one depth only: `lanes` threads work on each.
  static constexpr int lanes = threads / depth;
  static constexpr int left = rows / lanes, right = columns / lanes;
  static_assert(lanes * depth == threads && left * lanes == rows && right * lanes == columns);
};

/// The elements that a thread brings: those of depth k, at places at, at + lanes, at + 2·lanes, …
/// Neighbouring threads take neighbours in memory, which lie along the depth or across it.
template <class Tile, bool along_depth>
struct Lane {
  int k, at;

  GPU_DEVICE explicit Lane(int thread)
      : k(along_depth ? thread % Tile::depth : thread / Tile::lanes),
        at(along_depth ? thread / Tile::depth : thread % Tile::lanes) {}
};

template <class Sum, class Tile>
struct Fetched {
  Sum left[Tile::left], right[Tile::right];
};

/// The factors of one step, both with the depth outside; the skew spreads a column over the banks.
template <class Sum, class Tile>
struct Panels {
  static constexpr int skew = 16 / sizeof(Sum);
  alignas(16) Sum left[Tile::depth][Tile::rows + skew];
  alignas(16) Sum right[Tile::depth][Tile::columns + skew];
};

/// The sums of this thread: rows first_row(), … and columns first_column(), … of the tile.
template <class Sum, class Tile>
struct Sums {
  Sum at[Tile::thread_rows][Tile::thread_columns] = {};

  static constexpr int across = Tile::columns / Tile::thread_columns;
  GPU_DEVICE static int first_row() { return gpu::thread() / across * Tile::thread_rows; }
  GPU_DEVICE static int first_column() { return gpu::thread() % across * Tile::thread_columns; }
};

/// sums += left · right for the panels of one step.
template <class Sum, class Tile>
GPU_DEVICE void add_products(Sums<Sum, Tile>& sums, const Panels<Sum, Tile>& panels) {
  const int row = sums.first_row(), column = sums.first_column();
  for (int k = 0; k < Tile::depth; ++k) {
    Sum left[Tile::thread_rows], right[Tile::thread_columns];
    for (int i = 0; i < Tile::thread_rows; ++i) left[i] = panels.left[k][row + i];
    for (int j = 0; j < Tile::thread_columns; ++j) right[j] = panels.right[k][column + j];
    for (int i = 0; i < Tile::thread_rows; ++i)
      for (int j = 0; j < Tile::thread_columns; ++j) sums.at[i][j] += left[i] * right[j];
  }
}

/// The sums over `steps` steps. The factors of the next step are on their way from memory while
/// those of this one are multiplied: `source.fetch` brings them, for its lanes `left` and `right`.
template <class Sum, class Tile, class Source>
GPU_DEVICE Sums<Sum, Tile> multiply(Panels<Sum, Tile> (&panels)[2], const Source& source,
                                    int steps) {
  const auto put = [&source](Panels<Sum, Tile>& to, const Fetched<Sum, Tile>& from) {
    for (int i = 0; i < Tile::left; ++i)
      to.left[source.left.k][source.left.at + i * Tile::lanes] = from.left[i];
    for (int j = 0; j < Tile::right; ++j)
      to.right[source.right.k][source.right.at + j * Tile::lanes] = from.right[j];
  };
  Sums<Sum, Tile> sums;
  Fetched<Sum, Tile> next;
  if (steps > 0) {
    source.fetch(next, 0);
    put(panels[0], next);
  }
  gpu::barrier();
  for (int step = 0; step < steps; ++step) {
    const bool more = step + 1 < steps;
    if (more) source.fetch(next, step + 1);
    add_products(sums, panels[step % 2]);
    if (more) put(panels[(step + 1) % 2], next);
    gpu::barrier();
  }
  return sums;
}

}  // namespace robmask::cuda
