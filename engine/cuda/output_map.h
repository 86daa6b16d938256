#pragma once
// The map that a product on tensor cores writes. Each thread holds two neighbouring channels.

#include <bit>

#include "engine/cuda/gpu.h"

namespace robmask::cuda {

/// `pairs` says that two channels can be written at once.
template <class Out>
struct OutputMap {
  struct alignas(2 * sizeof(Out)) Pair {
    Out first, second;

    GPU_DEVICE static Pair rounded(float first, float second) {
      if constexpr (std::is_same_v<Out, bf16>)
        return std::bit_cast<Pair>(gpu::round_to_bf16(first, second));
      else
        return {first, second};
    }
  };

  /// The columns of one pixel; none behind the last pixel.
  template <bool pairs, bool add>
  struct Row {
    Out* channels;
    int columns;

    GPU_DEVICE void put(int column, float first, float second) const {
      if (column >= columns) return;
      Out* to = channels + column;
      const bool both = pairs || column + 1 < columns;
      if (add) first += to[0];
      if (add && both) second += to[1];
      const Pair sums = Pair::rounded(first, second);
      if constexpr (pairs) {
        *reinterpret_cast<Pair*>(to) = sums;
      } else {
        to[0] = sums.first;
        if (both) to[1] = sums.second;
      }
    }
  };

  Out* data;
  Index pitch;
  bool add, pairs;
};

}  // namespace robmask::cuda
