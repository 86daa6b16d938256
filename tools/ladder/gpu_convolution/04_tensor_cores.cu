// Rung 4: tensor cores.
//
// The rung before needs an instruction for 32 multiply-adds, one for each thread of a warp. Tensor
// cores multiply small matrices, which the 32 threads hold together (mma.sync):
//
//   sums[16×8] += left[16×16] · right[16×8]        2048 multiply-adds an instruction
//
// With g = lane / 4 and t = lane % 4 a lane holds of each row g, and g + 8, words of two neighbours
// in depth: 2t, 2t + 1 and 8 further; of the right factor column g and the same depths. Here it
// takes them from shared memory as they lie: words of the left factor; of the right one, whose
// depths lie a row apart, two halves of each. A warp computes 64 × 32.
//
// Expected: an H200 was measured to do 1,400 multiply-adds in a cycle of a multiprocessor by
// mma.sync instead of 128, and yet this will be twice as fast at best: eight rows of the left
// panel, 64 bytes apart, begin at two of the 32 banks, so each load takes four turns, and each of
// the right panel, too. That makes as many wavefronts for a multiply-add as the rung before had,
// 4.3 for a thousand, and with one in a cycle they allow 234.

#include "tools/ladder/gpu_convolution/convolution.h"

namespace robmask::ladder {

namespace {

struct TensorCores {
  static constexpr int rows = 128, columns = Cout, depth = 32, threads = 128, wide = 8;
  static constexpr int warp_rows = 64, warp_columns = 32;
  struct Shared {
    alignas(16) bf16 left[rows][depth], right[depth][columns];
  };

  Maps maps;

  GPU_DEVICE static int first_row() { return gpu::thread() / 64 * warp_rows; }
  GPU_DEVICE static int first_column() { return gpu::thread() / 32 % 2 * warp_columns; }

  /// Brings the factors of a step to shared memory, chunk by chunk.
  GPU_DEVICE void bring(Shared& to, int a, int b, int ci) const {
    const int first_pixel = static_cast<int>(gpu::block().x) * rows;
    GPU_UNROLL
    for (int i = 0; i < rows * depth / wide; i += threads) {
      const int n = i + gpu::thread(), row = n / (depth / wide), k = n % (depth / wide) * wide;
      const Tap tap = tap_of(first_pixel + row, a, b);
      store(&to.left[row][k], load<gpu::Chunk>(maps.x + tap.pixel * Cin + ci + k, tap.inside));
    }
    GPU_UNROLL
    for (int i = 0; i < depth * columns / wide; i += threads) {
      const int n = i + gpu::thread(), k = n / (columns / wide),
                column = n % (columns / wide) * wide;
      const bf16* w = maps.w + ((a * K + b) * Cin + ci + k) * Cout;
      store(&to.right[k][column], load<gpu::Chunk>(w + column));
    }
  }

  GPU_DEVICE static void add_products(float (&sums)[4][4][4], const Shared& from) {
    const int g = gpu::thread() % 32 / 4, t = gpu::thread() % 4;
    for (int k = 0; k < depth; k += 16) {
      gpu::Fragment left[4];
      std::uint32_t right[4][2];
      GPU_UNROLL
      for (int n = 0; n < 16; ++n) {
        const int row = first_row() + n / 4 * 16 + n % 2 * 8 + g, at = k + n % 4 / 2 * 8 + 2 * t;
        left[n / 4].words[n % 4] = load<std::uint32_t>(&from.left[row][at]);
      }
      GPU_UNROLL
      for (int n = 0; n < 8; ++n) {
        const int column = first_column() + n / 2 * 8 + g, at = k + n % 2 * 8 + 2 * t;
        const std::uint32_t lower = load<std::uint16_t>(&from.right[at][column]);
        const std::uint32_t upper = load<std::uint16_t>(&from.right[at + 1][column]);
        right[n / 2][n % 2] = lower | upper << 16;
      }
      GPU_UNROLL
      for (int n = 0; n < 16; ++n)
        gpu::multiply_add<bf16>(sums[n / 4][n % 4], left[n / 4], right[n % 4][0], right[n % 4][1]);
    }
  }

  GPU_DEVICE void operator()() const {
    auto& shared = gpu::shared<Shared>();
    float sums[4][4][4] = {};
    for (int a = 0; a < K; ++a)
      for (int b = 0; b < K; ++b)
        for (int ci = 0; ci < Cin; ci += depth) {
          bring(shared, a, b, ci);
          gpu::barrier();
          add_products(sums, shared);
          gpu::barrier();
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

void tensor_cores(gpu::Stream stream, const Maps& maps) {
  gpu::launch(stream, {maps.pixels / TensorCores::rows}, TensorCores{maps});
}

}  // namespace robmask::ladder
