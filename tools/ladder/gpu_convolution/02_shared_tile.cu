// Rung 2: a tile in shared memory.
//
// The rung before loads a number of x once for each of the Cout channels that it goes into, and a
// number of w once for each pixel: again and again from device memory. A block that computes a tile
// of R pixels × S channels needs only
//
//   R·depth numbers of x and depth·S numbers of w   for R·S·depth multiply-adds,
//
// if it brings them once to the memory that its threads share: with R = S = 32 and 2 bytes each
// 2·(1/32 + 1/32) = 1/8 byte a multiply-add instead of 3. A thread brings one number of each, waits
// until all are there (barrier), takes its 32 products from shared memory, and waits until nobody
// reads any more.
//
// Expected: less than the bytes promise, since the caches already held much of what is loaded
// again, but it no longer depends on luck. What is left is that a multiply-add still comes with two
// loads, now from shared memory, which serves a request of a warp in a cycle as well. (nvcc joins
// the 32 loads of a row of `left` to four of 16 bytes: so half of the requests fall away, the idea
// of the next rung.)

#include "tools/ladder/gpu_convolution/convolution.h"

namespace robmask::ladder {

namespace {

struct SharedTile {
  static constexpr int rows = 32, columns = 32, depth = 32, threads = rows * columns;
  struct Shared {
    bf16 left[rows][depth], right[depth][columns];
  };

  Maps maps;

  GPU_DEVICE void operator()() const {
    auto& [left, right] = gpu::shared<Shared>();
    const int row = gpu::thread() / 32, lane = gpu::thread() % 32;
    const int p = static_cast<int>(gpu::block().x) * rows + row;
    const int column = static_cast<int>(gpu::block().y) * columns + lane;
    float sum = 0;
    for (int a = 0; a < K; ++a)
      for (int b = 0; b < K; ++b)
        for (int ci = 0; ci < Cin; ci += depth) {
          const Tap tap = tap_of(p, a, b);
          const bf16* w = maps.w + ((a * K + b) * Cin + ci) * Cout;
          store(&left[row][lane], load<bf16>(maps.x + tap.pixel * Cin + ci + lane, tap.inside));
          store(&right[row][lane], load<bf16>(w + row * Cout + column));
          gpu::barrier();
          for (int k = 0; k < depth; ++k)
            multiply_add(sum, load<bf16>(&left[row][k]), load<bf16>(&right[k][lane]));
          gpu::barrier();
        }
    store(maps.y + p * Cout + column, bf16(sum));
  }
};

}  // namespace

void shared_tile(gpu::Stream stream, const Maps& maps) {
  gpu::launch(stream, {maps.pixels / SharedTile::rows, Cout / SharedTile::columns},
              SharedTile{maps});
}

}  // namespace robmask::ladder
