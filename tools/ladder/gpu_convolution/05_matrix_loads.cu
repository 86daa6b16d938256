// Rung 5: loads of whole matrices.
//
// The rung before loads word by word, and half words of the right factor: 32 requests for 16
// products. One instruction (ldmatrix) brings four matrices of 8 × 8: each lane names a row of 16
// bytes, lane i row i % 8 of matrix i / 8, and gets the words that a product wants of it, with
// the matrices transposed if it asks for that, which turns the right factor around on the way:
//
//   left fragment[16×16]    = load_matrix(&left[row + lane % 16][k + lane / 16 · 8])
//   right fragments[16×2·8] = load_matrix_transposed(&right[k + lane % 16][column + lane / 16 · 8])
//
// Six requests for 16 products, where there were 32.
//
// Expected: little. The eight rows of a matrix are read in one turn only if they lie in different
// banks, 8 · 16 = 128 bytes. Here they begin 64 bytes apart (left: four turns) or 128 (right: eight
// turns), and so the wavefronts are as many as before. This rung is here to show that.

#include "tools/ladder/gpu_convolution/convolution.h"

namespace robmask::ladder {

namespace {

struct MatrixLoads {
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
    const int lower = gpu::thread() % 16, on = gpu::thread() % 32 / 16 * 8;
    for (int k = 0; k < depth; k += 16) {
      gpu::Fragment left[4], right[2];
      GPU_UNROLL
      for (int i = 0; i < 4; ++i)
        left[i] = gpu::load_matrix(&from.left[first_row() + 16 * i + lower][k + on]);
      GPU_UNROLL
      for (int j = 0; j < 2; ++j)
        right[j] =
            gpu::load_matrix_transposed(&from.right[k + lower][first_column() + 16 * j + on]);
      GPU_UNROLL
      for (int n = 0; n < 16; ++n) {
        const std::uint32_t* words = right[n % 4 / 2].words + n % 2 * 2;
        gpu::multiply_add<bf16>(sums[n / 4][n % 4], left[n / 4], words[0], words[1]);
      }
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

void matrix_loads(gpu::Stream stream, const Maps& maps) {
  gpu::launch(stream, {maps.pixels / MatrixLoads::rows}, MatrixLoads{maps});
}

}  // namespace robmask::ladder
