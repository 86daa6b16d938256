#pragma once
// One factor's share of one step of a block: 64 bytes of the depth of each of its lines (rows of
// the left factor, columns of the right one) in shared memory, brought in chunks of 16 bytes and
// read as fragments for the tensor cores. docs/convolution.md says why it is swizzled.

#include <bit>

#include "engine/cuda/gpu.h"

namespace robmask::cuda {

/// Lines lie `along_depth`, or the depths lie outside and the lines across them, as in memory.
template <class T, int lines_, bool along_depth>
struct Panel {
  static constexpr int lines = lines_, wide = 16 / sizeof(T), depth = 64 / sizeof(T);
  static constexpr int rows = along_depth ? lines : depth;
  static constexpr int chunks = (along_depth ? depth : lines) / wide;  // in a row
  static_assert(lines % 16 == 0 && (chunks & (chunks - 1)) == 0);

  alignas(16) T values[rows * chunks * wide];

  /// Chunk c of row r lies at r·chunks + (c ^ s): s runs through the places of a chunk in 128
  /// bytes, all banks of the memory, as r goes on to the next 128 bytes. Floats across are read two
  /// chunks of four rows at a time, so there s goes on by two.
  GPU_DEVICE static int place(int row, int chunk) {
    constexpr int rows_in_line = chunks < 8 ? 8 / chunks : 1, places = chunks < 8 ? chunks : 8;
    constexpr int pace = !along_depth && sizeof(T) == 4 ? 2 : 1;
    return (row * chunks + (chunk ^ (row / rows_in_line * pace % places))) * wide;
  }
  GPU_DEVICE T* chunk(int row, int chunk) { return values + place(row, chunk); }
  GPU_DEVICE void put(int line, int k, T value) {
    const int row = along_depth ? line : k, at = along_depth ? k : line;
    values[place(row, at / wide) + at % wide] = value;
  }

  /// Lines `line` to line + 15, the first or second 32 bytes of the depth. The words of a left
  /// factor are those of lines 0–7, 8–15, and the same 16 bytes on; of a right one those of lines
  /// 0–7, the same 16 bytes on, and both of lines 8–15: a product finds its registers side by side.
  template <bool right>
  GPU_DEVICE gpu::Fragment fragment(int line, int half) const {
    const int lane = gpu::thread() % gpu::warp_size;
    const int on = right ? lane / 8 % 2 : lane / 16, lower = right ? lane / 16 : lane / 8 % 2;
    gpu::Fragment f;
    if constexpr (along_depth) {
      f = gpu::load_matrix(values + place(line + 8 * lower + lane % 8, 2 * half + on));
    } else if constexpr (sizeof(T) == 2) {
      const int k = 16 * half + 8 * on + lane % 8;
      f = gpu::load_matrix_transposed(values + place(k, line / wide + lower));
    } else {
      GPU_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int k = 8 * half + (right ? i % 2 : i / 2) * 4 + lane % 4;
        const int at = line + (right ? i / 2 : i % 2) * 8 + lane / 4;
        f.words[i] = std::bit_cast<std::uint32_t>(values[place(k, at / wide) + at % wide]);
      }
    }
    if constexpr (sizeof(T) == 4) {
      GPU_UNROLL
      for (auto& word : f.words) word = gpu::round_to_tf32(word);
    }
    return f;
  }
};

/// The chunks of a panel that a thread of a block brings: number `chunk` of rows row(0), row(1), …
template <class Panel, int threads>
struct Share {
  static constexpr int stride = threads / Panel::chunks;
  static constexpr int rounds = (Panel::rows + stride - 1) / stride;
  static_assert(stride * Panel::chunks == threads);

  int first = gpu::thread() / Panel::chunks, chunk = gpu::thread() % Panel::chunks;

  GPU_DEVICE int row(int round) const { return first + round * stride; }
  /// Of the first channel, pixel or column in the chunk.
  GPU_DEVICE int at() const { return chunk * Panel::wide; }
  /// A small panel leaves some threads without work.
  GPU_DEVICE bool takes(int round) const {
    return Panel::rows % stride == 0 || row(round) < Panel::rows;
  }
};

}  // namespace robmask::cuda
