// Rung 7: asynchronous copies, in stages.
//
// The rung before brings a step's factors through registers (a load, which takes 600 to 800 cycles
// from device memory, then a store), and only then multiplies. cp.async sends 16 bytes from device
// to shared memory by itself; the thread goes on. With three stages of shared memory
//
//   wait for the copies of step n;  barrier;  start the copies of step n + 2;  multiply step n
//
// two steps are on their way while one is multiplied. The barrier says two things: step n is there
// for all; and all are done with step n − 1, whose stage the new copies take. So one does for two.
//
// Expected: half as fast again or more. Counts say nothing of it but what fell away: the registers
// on the way, the stores (their wavefronts are those of the copies now), and every second barrier.

#include "tools/ladder/gpu_convolution/convolution.h"

namespace robmask::ladder {

namespace {

struct Copies {
  static constexpr int rows = 128, columns = Cout, depth = 32, threads = 128, wide = 8;
  static constexpr int steps = K * K * Cin / depth, ahead = 2;
  static constexpr int warp_rows = 64, warp_columns = 32;
  struct Stage {
    gpu::Chunk left_chunks[rows][depth / wide], right_chunks[depth][columns / wide];

    /// Where chunks lie: that of row `row` which begins at depth k; of depth k, at a column.
    GPU_DEVICE gpu::Chunk* left(int row, int k) {
      return &left_chunks[row][k / wide ^ row / 2 % 4];
    }
    GPU_DEVICE gpu::Chunk* right(int k, int column) {
      return &right_chunks[k][column / wide ^ k % 8];
    }
  };
  struct Shared {
    Stage stages[ahead + 1];
  };

  Maps maps;

  GPU_DEVICE static int first_row() { return gpu::thread() / 64 * warp_rows; }
  GPU_DEVICE static int first_column() { return gpu::thread() / 32 % 2 * warp_columns; }

  /// Starts to bring the factors of a step to shared memory, chunk by chunk.
  GPU_DEVICE void bring(Stage& to, int step) const {
    const int number = step * depth / Cin, ci = step * depth % Cin;  // of the tap
    const int first_pixel = static_cast<int>(gpu::block().x) * rows;
    GPU_UNROLL
    for (int i = 0; i < rows * depth / wide; i += threads) {
      const int n = i + gpu::thread(), row = n / (depth / wide), k = n % (depth / wide) * wide;
      const Tap tap = tap_of(first_pixel + row, number / K, number % K);
      gpu::copy_async(to.left(row, k), maps.x + tap.pixel * Cin + ci + k, tap.inside);
    }
    GPU_UNROLL
    for (int i = 0; i < depth * columns / wide; i += threads) {
      const int n = i + gpu::thread(), k = n / (columns / wide),
                column = n % (columns / wide) * wide;
      const bf16* w = maps.w + (number * Cin + ci + k) * Cout;
      gpu::copy_async(to.right(k, column), w + column);
    }
  }

  GPU_DEVICE static void add_products(float (&sums)[4][4][4], Stage& from) {
    const int lower = gpu::thread() % 16, on = gpu::thread() % 32 / 16 * 8;
    for (int k = 0; k < depth; k += 16) {
      gpu::Fragment left[4], right[2];
      GPU_UNROLL
      for (int i = 0; i < 4; ++i)
        left[i] = gpu::load_matrix(from.left(first_row() + 16 * i + lower, k + on));
      GPU_UNROLL
      for (int j = 0; j < 2; ++j)
        right[j] = gpu::load_matrix_transposed(from.right(k + lower, first_column() + 16 * j + on));
      GPU_UNROLL
      for (int n = 0; n < 16; ++n) {
        const std::uint32_t* words = right[n % 4 / 2].words + n % 2 * 2;
        gpu::multiply_add<bf16>(sums[n / 4][n % 4], left[n / 4], words[0], words[1]);
      }
    }
  }

  GPU_DEVICE void operator()() const {
    auto& stages = gpu::shared<Shared>().stages;
    float sums[4][4][4] = {};
    for (int step = 0; step < ahead; ++step) {
      bring(stages[step], step);
      gpu::commit_copies();
    }
    for (int step = 0; step < steps; ++step) {
      gpu::wait_copies<ahead - 1>();
      gpu::barrier();
      const int next = step + ahead;
      if (next < steps) bring(stages[next % (ahead + 1)], next);
      gpu::commit_copies();  // an empty group too: they are counted
      add_products(sums, stages[step % (ahead + 1)]);
    }
    // A lane holds two neighbours in a row, and two of the row 8 further, of each 16×8 sums.
    const int p = static_cast<int>(gpu::block().x) * rows + first_row() + gpu::thread() % 32 / 4;
    const int column = first_column() + gpu::thread() % 4 * 2;
    GPU_UNROLL
    for (int n = 0; n < 32; ++n) {
      const float* pair = sums[n / 8][n / 2 % 4] + n % 2 * 2;
      bf16* y = maps.y + (p + n / 8 * 16 + n % 2 * 8) * Cout + column + n / 2 % 4 * 8;
      store(y, gpu::round_to_bf16(pair[0], pair[1]));
    }
  }
};

}  // namespace

void copies(gpu::Stream stream, const Maps& maps) {
  gpu::launch(stream, {maps.pixels / Copies::rows}, Copies{maps});
}

}  // namespace robmask::ladder
