#pragma once
// The order in which blocks and threads begin: none that a kernel may rely on.

#include <numeric>
#include <vector>

#include "engine/cuda/gpu.h"
#include "engine/random.h"

namespace robmask::gpu::emulated {

/// The threads of one block: warp after warp from some warp on, and in each from some lane on.
struct ThreadOrder {
  int warps, first_warp, lane_flip;

  /// The thread that begins after i others.
  int operator()(int i) const {
    const int warp = (first_warp + i / warp_size) % warps, lane = i % warp_size ^ lane_flip;
    return warp * warp_size + lane;
  }
};

/// Orders drawn one after another from a seed.
class Orders {
 public:
  explicit Orders(std::uint64_t seed) : stream_{.seed = seed, .purpose = Purpose::probe} {}

  /// The numbers below `count`, shuffled.
  std::vector<std::uint64_t> blocks(std::uint64_t count) {
    std::vector<std::uint64_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    for (std::uint64_t i = count; i > 1; --i) std::swap(order[i - 1], order[below(i)]);
    return order;
  }
  ThreadOrder threads(int warps) {
    return {warps, static_cast<int>(below(warps)), static_cast<int>(below(warp_size))};
  }

 private:
  std::uint64_t below(std::uint64_t n) {
    ++stream_.step;
    return random_below(stream_, 0, n);
  }

  robmask::Stream stream_;
};

}  // namespace robmask::gpu::emulated
