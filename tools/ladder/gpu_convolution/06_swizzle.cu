// Rung 6: a swizzle.
//
// The rung before reads eight rows of 16 bytes at once that meet in two places of the 128 bytes of
// all banks, or in one. If chunk c of row r lies at place c ^ s(r) of its row instead, where s goes
// on as the rows do, the same chunk of eight rows lies in eight different places:
//
//   left,  4 chunks a row, 2 rows in 128 bytes:   s = r / 2 % 4
//   right, 8 chunks a row, 1 row in 128 bytes:    s = r % 8
//
// A row keeps its 16-byte chunks, and neighbours that are written together still fill 128 bytes, so
// writing costs no more. (Rows padded by 16 bytes would do, too, for more memory.)
//
// Expected: a matrix load takes four wavefronts, one for each matrix, instead of 16 or 32. 1.1 of
// them for a thousand multiply-adds allow 900 in a cycle: the first rung where tensor cores have
// something to do, up to four times faster. What is left is waiting: a block brings, then
// multiplies, then brings.

#include "tools/ladder/gpu_convolution/convolution.h"

namespace robmask::ladder {

namespace {

struct Swizzle {
  static constexpr int rows = 128, columns = Cout, depth = 32, threads = 128, wide = 8;
  static constexpr int warp_rows = 64, warp_columns = 32;
  struct Shared {
    gpu::Chunk left_chunks[rows][depth / wide], right_chunks[depth][columns / wide];

    /// Where chunks lie: that of row `row` which begins at depth k; of depth k, at a column.
    GPU_DEVICE gpu::Chunk* left(int row, int k) {
      return &left_chunks[row][k / wide ^ row / 2 % 4];
    }
    GPU_DEVICE gpu::Chunk* right(int k, int column) {
      return &right_chunks[k][column / wide ^ k % 8];
    }
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
      store(to.left(row, k), load<gpu::Chunk>(maps.x + tap.pixel * Cin + ci + k, tap.inside));
    }
    GPU_UNROLL
    for (int i = 0; i < depth * columns / wide; i += threads) {
      const int n = i + gpu::thread(), k = n / (columns / wide),
                column = n % (columns / wide) * wide;
      const bf16* w = maps.w + ((a * K + b) * Cin + ci + k) * Cout;
      store(to.right(k, column), load<gpu::Chunk>(w + column));
    }
  }

  GPU_DEVICE static void add_products(float (&sums)[4][4][4], Shared& from) {
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

void swizzle(gpu::Stream stream, const Maps& maps) {
  gpu::launch(stream, {maps.pixels / Swizzle::rows}, Swizzle{maps});
}

}  // namespace robmask::ladder
