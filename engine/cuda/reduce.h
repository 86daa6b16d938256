#pragma once
// Sums in a fixed order: over the threads of a warp and of a block.

#include <array>

#include "engine/cuda/gpu.h"

namespace robmask::cuda {

/// The sum, and the maximum, over the threads of a warp; all of them get it. A NaN is no maximum.
template <class T>
GPU_DEVICE T warp_sum(T value) {
  for (int mask = gpu::warp_size / 2; mask > 0; mask /= 2) value += gpu::shuffle_xor(value, mask);
  return value;
}
template <class T>
GPU_DEVICE T warp_max(T value) {
  for (int mask = gpu::warp_size / 2; mask > 0; mask /= 2) {
    const T other = gpu::shuffle_xor(value, mask);
    if (other > value) value = other;
  }
  return value;
}

/// A block of rows × columns threads, row by row: Σ over the rows of each column's values, halves
/// added to halves; all threads get their column's. `memory` holds a value of each thread and is
/// free again afterwards. Rows must be a power of two.
template <int rows, int columns>
GPU_DEVICE double column_sum(double value, double* memory) {
  static_assert((rows & (rows - 1)) == 0);
  const int thread = gpu::thread();
  memory[thread] = value;
  for (int half = rows / 2; half > 0; half /= 2) {
    gpu::barrier();
    if (thread < half * columns) memory[thread] += memory[thread + half * columns];
  }
  gpu::barrier();
  const double sum = memory[thread % columns];
  gpu::barrier();
  return sum;
}

/// The same of several values a thread, by V arrays: so neighbouring threads meet no other bank.
template <int rows, int columns, std::size_t V>
GPU_DEVICE std::array<double, V> column_sums(const std::array<double, V>& values,
                                             double (&memory)[V][rows * columns]) {
  static_assert((rows & (rows - 1)) == 0);
  const int thread = gpu::thread();
  for (std::size_t i = 0; i < V; ++i) memory[i][thread] = values[i];
  for (int half = rows / 2; half > 0; half /= 2) {
    gpu::barrier();
    if (thread >= half * columns) continue;
    for (std::size_t i = 0; i < V; ++i) memory[i][thread] += memory[i][thread + half * columns];
  }
  gpu::barrier();
  std::array<double, V> sums;
  for (std::size_t i = 0; i < V; ++i) sums[i] = memory[i][thread % columns];
  gpu::barrier();
  return sums;
}

/// Σ over all threads of the block.
template <int threads>
GPU_DEVICE double block_sum(double value, double* memory) {
  return column_sum<threads, 1>(value, memory);
}

/// The maximum over all threads of the block; all of them get it. A NaN is no maximum.
template <int threads>
GPU_DEVICE double block_max(double value, double* memory) {
  value = warp_max(value);
  memory[gpu::thread()] = value;
  gpu::barrier();
  for (int warp = 0; warp < threads; warp += gpu::warp_size)
    if (memory[warp] > value) value = memory[warp];
  gpu::barrier();
  return value;
}

/// For sums over a long list of rows, such as partial sums: a block takes 4 channels, its threads
/// one channel of every 64th row.
struct Columns {
  static constexpr int width = 4, rows = 64, threads = width * rows;

  struct Shared {
    double memory[threads];
  };
  static gpu::Blocks blocks(Index channels, Index layers = 1) {
    return {(channels + width - 1) / width, layers};
  }
  GPU_DEVICE static Index channel() {
    return Index{gpu::block().x} * width + gpu::thread() % width;
  }
  GPU_DEVICE static int first() { return gpu::thread() / width; }
  /// Σ over the rows of each channel.
  GPU_DEVICE static double sum(double value) {
    return column_sum<rows, width>(value, gpu::shared<Shared>().memory);
  }
};

/// to = [to +] value
template <class T>
GPU_DEVICE void put(T& to, double value, bool add) {
  to = static_cast<T>(add ? to + value : value);
}

}  // namespace robmask::cuda
