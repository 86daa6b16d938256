#pragma once
// How a warp stores its sums. A lane has two neighbouring channels of a row, 4 bytes of bf16, and
// eight rows of 16 bytes are half of what memory moves at once. So four lanes exchange what they
// have of four blocks of 8×8 sums: then each has 16 bytes of a row, and a row's four lie together.

#include "engine/cuda/output_map.h"
#include "engine/cuda/warp_product.h"

namespace robmask::cuda {

/// Word i of lane t of four goes to word t of lane i: a transposition, bit by bit of their numbers,
/// and so its own inverse. All 32 threads take part.
GPU_DEVICE void exchange_words(gpu::Chunk& chunk) {
  GPU_UNROLL
  for (int bit = 1; bit < 4; bit *= 2) {
    const bool upper = gpu::thread() & bit;
    GPU_UNROLL
    for (int i = 0; i < 4; ++i) {
      if (i & bit) continue;
      std::uint32_t &low = chunk.words[i], &high = chunk.words[i | bit];
      const std::uint32_t other = gpu::shuffle_xor(upper ? low : high, bit);
      low = upper ? other : low;
      high = upper ? high : other;
    }
  }
}

/// The halves of a word of bf16 that are positive, as a word of ones.
GPU_DEVICE std::uint32_t positive_halves(std::uint32_t word) {
  const auto pair = std::bit_cast<Pair<bf16>>(word);
  return (pair.first > 0 ? 0xffffu : 0u) | (pair.second > 0 ? 0xffff0000u : 0u);
}

/// Stores the sums of a tile: row r of it is pixel(r) of the map or, if that is negative, none, and
/// its columns are the channels from first_channel on, as far as they are below `end`.
template <class Tile>
class ChunkWriter {
 public:
  static constexpr int across = Tile::warp_columns / 8, blocks = Tile::warp_rows / 8 * across;

  GPU_DEVICE ChunkWriter(const OutputMap<bf16>& map, int first_channel, int end)
      : map_(map), first_channel_(first_channel), end_(end) {}

  template <class Pixel>
  GPU_DEVICE void operator()(const WarpSums<Tile>& sums, Pixel&& pixel) const {
    constexpr int at_once = 2;  // chunks of a lane, so that their reads do not wait for each other
    static_assert(blocks % (4 * at_once) == 0);
    const Shifts shifts(map_, first_channel_ + sums.first_column(), end_);
    GPU_UNROLL
    for (int first = 0; first < blocks; first += 4 * at_once) {
      gpu::Chunk addend[at_once], gate[at_once];
      int p[at_once], channel[at_once];
      GPU_UNROLL
      for (int i = 0; i < at_once; ++i) {
        const unsigned lane = gpu::thread() % gpu::warp_size, block = first + 4 * i + lane % 4;
        channel[i] = first_channel_ + sums.first_column() + static_cast<int>(block % across * 8);
        p[i] = channel[i] < end_ ? pixel(sums.first_row() + block / across * 8 + lane / 4) : -1;
        if (map_.addend.exists()) addend[i] = chunk(map_.addend, p[i], channel[i]);
        if (map_.gate.exists()) gate[i] = chunk(map_.gate, p[i], channel[i]);
      }
      GPU_UNROLL
      for (int i = 0; i < at_once; ++i) {
        if (map_.addend.exists()) exchange_words(addend[i]);
        gpu::Chunk y = rounded(sums, first + 4 * i, shifts, addend[i]);
        exchange_words(y);
        if (map_.gate.exists())
          for (int word = 0; word < 4; ++word)
            y.words[word] &= positive_halves(gate[i].words[word]);
        if (p[i] >= 0) gpu::store_chunk(map_.to(0, p[i]) + channel[i], y);
      }
    }
  }

 private:
  /// Of a lane's channels, which are the same in every row: read once.
  struct Shifts {
    float at[across][2] = {};

    GPU_DEVICE Shifts(const OutputMap<bf16>& map, int first_channel, int end) {
      if (map.shift == nullptr) return;
      GPU_UNROLL
      for (int column = 0; column < across; ++column) {
        const int channel = first_channel + column * 8 + gpu::thread() % 4 * 2;
        if (channel >= end) continue;
        at[column][0] = map.shift[channel];
        at[column][1] = map.shift[channel + 1];
      }
    }
  };

  GPU_DEVICE static gpu::Chunk chunk(const Rows<bf16>& map, int p, int channel) {
    if (p < 0) return {};
    return *reinterpret_cast<const gpu::Chunk*>(map(0, p) + channel);
  }

  /// A lane's own two sums of each of four blocks.
  GPU_DEVICE gpu::Chunk rounded(const WarpSums<Tile>& sums, int first, const Shifts& shifts,
                                const gpu::Chunk& addend) const {
    gpu::Chunk result;
    GPU_UNROLL
    for (int i = 0; i < 4; ++i) {
      const int row = (first + i) / across, column = (first + i) % across;
      const float(&block)[4] = sums.at[row / 2][column];
      float a = block[row % 2 * 2] + shifts.at[column][0];
      float b = block[row % 2 * 2 + 1] + shifts.at[column][1];
      if (map_.addend.exists()) {
        const auto added = std::bit_cast<Pair<bf16>>(addend.words[i]);
        a += added.first;
        b += added.second;
      }
      result.words[i] = gpu::round_to_bf16(map_.clamped(a), map_.clamped(b));
    }
    return result;
  }

  const OutputMap<bf16>& map_;
  int first_channel_, end_;
};

}  // namespace robmask::cuda
