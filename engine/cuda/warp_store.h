#pragma once
// How a block stores its sums as bf16. A lane has two neighbouring channels of a row, 4 bytes, and
// memory wants 16 at least, and many reads of it at once. So the tile goes through shared memory,
// which the factors no longer need: what is added is brought there, each lane adds its sums to it
// and puts them back, and then the tile leaves in chunks of 16 bytes.

#include "engine/cuda/output_map.h"
#include "engine/cuda/warp_product.h"

namespace robmask::cuda {

/// A tile in shared memory, in strips of columns that lie as the rows of a left factor do: words of
/// a fragment are read and written without conflicts, and chunks too.
template <class Tile>
struct StoredTile {
  using Strip = Panel<bf16, Tile::rows, true>;
  static constexpr int count = (Tile::columns + Strip::depth - 1) / Strip::depth;

  Strip strips[count];
};

/// The halves of a word of bf16 that are positive, as a word of ones.
GPU_DEVICE std::uint32_t positive_halves(std::uint32_t word) {
  const auto pair = std::bit_cast<Pair<bf16>>(word);
  return (pair.first > 0 ? 0xffffu : 0u) | (pair.second > 0 ? 0xffff0000u : 0u);
}

/// Stores the sums of a tile: row r of it is pixel(r) of the map or, if that is negative, none, and
/// its columns are the channels from first_channel on, as far as they are below `end`. All threads
/// of the block take part.
template <class Tile>
class ChunkWriter {
 public:
  GPU_DEVICE ChunkWriter(const OutputMap<bf16>& map, int first_channel, int end)
      : map_(map),
        first_channel_(first_channel),
        end_(end < first_channel + Tile::columns ? end : first_channel + Tile::columns) {}

  template <class Pixel>
  GPU_DEVICE void operator()(const WarpSums<Tile>& sums, StoredTile<Tile>& tile,
                             Pixel&& pixel) const {
    gpu::barrier();  // all are done with the factors
    if (map_.addend.exists()) {
      bring_addend(tile, pixel);
      put<true>(sums, tile);
    } else {
      put<false>(sums, tile);
    }
    gpu::barrier();
    send(tile, pixel);
  }

 private:
  using Strip = typename StoredTile<Tile>::Strip;
  using Chunks = Share<Strip, Tile::threads>;
  static constexpr int strips = StoredTile<Tile>::count;

  GPU_DEVICE int channel(int strip, const Chunks& share) const {
    return first_channel_ + strip * Strip::depth + share.at();
  }

  template <class Pixel>
  GPU_DEVICE void bring_addend(StoredTile<Tile>& tile, Pixel&& pixel) const {
    const Chunks share;
    GPU_NO_UNROLL
    for (int i = 0; i < share.rounds; ++i) {
      if (!share.takes(i)) continue;
      const int p = pixel(share.row(i));
      const bf16* from = map_.addend(0, p < 0 ? 0 : p);
      GPU_UNROLL
      for (int s = 0; s < strips; ++s)
        gpu::copy_async(tile.strips[s].chunk(share.row(i), share.chunk), from + channel(s, share),
                        p >= 0 && channel(s, share) < end_);
    }
    gpu::commit_copies();
    gpu::wait_copies<0>();
    gpu::barrier();
  }

  /// Adds shift and addend to this thread's sums, clamps and rounds them. It writes the words that
  /// it alone has read.
  template <bool adds>
  GPU_DEVICE void put(const WarpSums<Tile>& sums, StoredTile<Tile>& tile) const {
    const int lane = gpu::thread() % gpu::warp_size, g = lane / 4, t = lane % 4;
    GPU_UNROLL
    for (int j = 0; j < Tile::warp_columns / 16; ++j) {
      const int column = sums.first_column() + 16 * j;
      Strip& strip = tile.strips[column / Strip::depth];
      const int half = column % Strip::depth / 16;
      const float shifts[2][2] = {{shift(column + 2 * t), shift(column + 2 * t + 1)},
                                  {shift(column + 2 * t + 8), shift(column + 2 * t + 9)}};
      GPU_UNROLL
      for (int i = 0; i < Tile::warp_rows / 16; ++i) {
        const int row = sums.first_row() + 16 * i;
        gpu::Fragment words = {};
        if (adds) words = strip.template fragment<false>(row, half);
        GPU_UNROLL
        for (int w = 0; w < 4; ++w) {  // of rows g and g + 8, then the same 8 columns on
          const float* sum = sums.at[i][2 * j + w / 2] + w % 2 * 2;
          float a = sum[0] + shifts[w / 2][0], b = sum[1] + shifts[w / 2][1];
          if (adds) {
            const auto added = std::bit_cast<Pair<bf16>>(words.words[w]);
            a += added.first;
            b += added.second;
          }
          const std::uint32_t y = gpu::round_to_bf16(map_.clamped(a), map_.clamped(b));
          bf16* to = strip.chunk(row + g + w % 2 * 8, 2 * half + w / 2) + 2 * t;
          *reinterpret_cast<std::uint32_t*>(to) = y;
        }
      }
    }
  }

  template <class Pixel>
  GPU_DEVICE void send(StoredTile<Tile>& tile, Pixel&& pixel) const {
    constexpr int at_once = 16 / strips;  // chunks whose gates are asked for together
    const Chunks share;
    GPU_NO_UNROLL
    for (int first = 0; first < share.rounds; first += at_once) {
      int p[at_once];
      gpu::Chunk gates[at_once][strips];
      GPU_UNROLL
      for (int i = 0; i < at_once; ++i) {
        const bool takes = first + i < share.rounds && share.takes(first + i);
        p[i] = takes ? pixel(share.row(first + i)) : -1;
        GPU_UNROLL
        for (int s = 0; s < strips; ++s)
          if (map_.gate.exists() && p[i] >= 0 && channel(s, share) < end_)
            gates[i][s] =
                *reinterpret_cast<const gpu::Chunk*>(map_.gate(0, p[i]) + channel(s, share));
      }
      GPU_UNROLL
      for (int i = 0; i < at_once; ++i) {
        GPU_UNROLL
        for (int s = 0; s < strips; ++s) {
          if (p[i] < 0 || channel(s, share) >= end_) continue;
          auto y = *reinterpret_cast<const gpu::Chunk*>(
              tile.strips[s].chunk(share.row(first + i), share.chunk));
          if (map_.gate.exists()) {
            GPU_UNROLL
            for (int w = 0; w < 4; ++w) y.words[w] &= positive_halves(gates[i][s].words[w]);
          }
          gpu::store_chunk(map_.to(0, p[i]) + channel(s, share), y);
        }
      }
    }
  }

  GPU_DEVICE float shift(int column) const {
    const int channel = first_channel_ + column;
    return map_.shift != nullptr && channel < end_ ? map_.shift[channel] : 0;
  }

  const OutputMap<bf16>& map_;
  int first_channel_, end_;
};

}  // namespace robmask::cuda
