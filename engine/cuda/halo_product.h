#pragma once
// A 3×3 convolution of 64 channels, stride 1 and padding 1, or its input gradient, on tensor cores.
// The patch that a tile reads comes to shared memory once, and so do the weights of all taps: a tap
// is the same patch begun elsewhere. Products of 64 channels gather more bytes than L2 can give
// when each tap gathers its own pixels (docs/convolution.md).

#include "engine/cuda/output_map.h"
#include "engine/cuda/tap_product.h"
#include "engine/cuda/warp_moments.h"
#include "engine/cuda/warp_panel.h"
#include "engine/cuda/warp_product.h"
#include "engine/cuda/warp_store.h"

namespace robmask::cuda {

/// What a tile of 16×16 written pixels reads, itself and a pixel around it: by chunks of eight
/// channels, in each the pixels row by row. A chunk has room for one pixel more, an odd number: so
/// the chunks of a pixel go to eight different places in the 128 bytes of the banks; and so do
/// eight neighbouring pixels of a chunk, wherever they begin.
struct Halo {
  static constexpr int side = 16, width = side + 2, pixels = width * width, wide = 8, chunks = 8;

  alignas(16) bf16 at[chunks][pixels + 1][wide];

  /// 16 channels of what tap number `tap` reads for row `row` of the tile, as a left factor.
  GPU_DEVICE gpu::Fragment fragment(int row, int tap, int channels16) const {
    const int lane = gpu::thread() % gpu::warp_size;
    const int pixel = (row + tap / 3) * width + tap % 3 + lane % 16;
    return gpu::load_matrix(at[2 * channels16 + lane / 16][pixel]);
  }
};

/// written[p][·] ← Σ over taps t of read[p + t − (1, 1)][·] · weight[t], by blocks that
/// stay: each takes 64 written channels (a row of the grid), brings their weights once, and goes
/// from tile to tile. `transposed` is the input gradient: its weights lie along the depth, its taps
/// go through the patch from its end. The sums are those of WarpTapProduct to the bit.
template <bool transposed>
struct HaloProduct {
  using Tile = WarpTile<Halo::side * Halo::side, 64, 64, 64>;
  using Weights = Panel<bf16, Tile::columns, transposed>;
  static constexpr int threads = Tile::threads;
  static constexpr int taps = 9, depth = Halo::chunks * Halo::wide, halves = depth / Weights::depth;
  struct Result {
    StoredTile<Tile> stored;
    TileColumns<Tile> columns;
  };
  struct Shared {
    Weights weights[taps][halves];
    union {
      Halo halo;
      Result result;
    };
  };
  /// Two blocks fit a multiprocessor: one multiplies while the other brings and stores.
  static constexpr int blocks_each = 2;

  Gathered<bf16> read;
  WeightView<bf16> weight;
  OutputMap<bf16> to;
  Rows<double> moments;                // of each tile, as a piece of engine/moments.h; may be none
  int tiles, tile_rows, tile_columns;  // of all images, and in one

  GPU_DEVICE void operator()() const {
    auto& shared = gpu::shared<Shared>();
    constexpr int soon = 3;  // taps whose weights are waited for before the first products
    for (int tile = gpu::block().x; tile < tiles; tile += gpu::blocks().x) {
      const Place first = first_pixel(tile);
      const bool begins = tile == static_cast<int>(gpu::block().x);
      bring_halo(shared.halo, first);
      if (begins) bring_weights(shared.weights, 0, soon);
      gpu::commit_copies();
      if (begins) bring_weights(shared.weights, soon, taps);
      gpu::commit_copies();
      WarpSums<Tile> sums;
      gpu::wait_copies<1>();
      gpu::barrier();
      GPU_NO_UNROLL
      for (int tap = 0; tap < taps; ++tap) {
        if (tap == soon) {
          gpu::wait_copies<0>();
          gpu::barrier();
        }
        add_products(sums, shared, tap);
      }
      gpu::barrier();  // all are done with the halo
      if (moments.exists()) sums = with_moments(sums, shared.result.columns, tile);
      store(first, sums, shared.result.stored);
      gpu::barrier();  // for the next halo
    }
  }

 private:
  GPU_DEVICE static int first_channel() { return static_cast<int>(gpu::block().y) * Tile::columns; }
  GPU_DEVICE Place first_pixel(int tile) const {
    const int in_image = tile_rows * tile_columns, n = tile / in_image, rest = tile % in_image;
    const int h = rest / tile_columns * Halo::side, w = rest % tile_columns * Halo::side;
    return {h, w, (n * read.height + h) * read.width + w};
  }
  GPU_DEVICE Tap away(int h, int w) const { return {h, w, (h * read.width + w) * read.pitch}; }

  GPU_DEVICE void bring_weights(Weights (&panels)[taps][halves], int from, int end) const {
    const Share<Weights, threads> share;
    GPU_NO_UNROLL
    for (int tap = from; tap < end; ++tap)
      for (int half = 0; half < halves; ++half)
        for (int i = 0; i < share.rounds; ++i) {
          const int k = half * Weights::depth + (transposed ? share.at() : share.row(i));
          const int column = first_channel() + (transposed ? share.row(i) : share.at());
          gpu::copy_async(
              panels[tap][half].chunk(share.row(i), share.chunk),
              weight.data + tap * weight.tap + k * weight.depth + column * weight.column);
        }
  }

  GPU_DEVICE void bring_halo(Halo& halo, const Place& first) const {
    const int chunk = gpu::thread() % Halo::chunks;
    GPU_NO_UNROLL
    for (int p = gpu::thread() / Halo::chunks; p < Halo::pixels; p += threads / Halo::chunks) {
      const Tap tap = away(p / Halo::width - 1, p % Halo::width - 1);
      gpu::copy_async(halo.at[chunk][p], read.at(first, tap) + chunk * Halo::wide,
                      read.inside(first, tap));
    }
  }

  GPU_DEVICE static void add_products(WarpSums<Tile>& sums, const Shared& shared, int tap) {
    constexpr int rows = Tile::warp_rows / Halo::side, columns = Tile::warp_columns / 16;
    const int first_row = sums.first_row() / Halo::side;
    const int reads = transposed ? taps - 1 - tap : tap;
    GPU_UNROLL
    for (int k = 0; k < depth / 16; ++k) {
      gpu::Fragment left[rows], right[columns];
      GPU_UNROLL
      for (int i = 0; i < rows; ++i) left[i] = shared.halo.fragment(first_row + i, reads, k);
      GPU_UNROLL
      for (int j = 0; j < columns; ++j)
        right[j] = shared.weights[tap][k / 2].template fragment<true>(16 * j, k % 2);
      sums.template add<bf16>(left, right);
    }
  }

  GPU_DEVICE WarpSums<Tile> with_moments(const WarpSums<Tile>& sums, TileColumns<Tile>& columns,
                                         int tile) const {
    const WarpSums<Tile> y = as_stored<bf16>(sums);
    const auto [mean, squares] = columns.moments(y, Tile::rows);
    if (gpu::thread() < Tile::columns) {
      moments(tile, 0)[first_channel() + gpu::thread()] = mean;
      moments(tile, 1)[first_channel() + gpu::thread()] = squares;
    }
    return y;
  }

  GPU_DEVICE void store(const Place& first, const WarpSums<Tile>& sums,
                        StoredTile<Tile>& stored) const {
    const auto pixel = [&](int row) {
      const int h = row / Halo::side, w = row % Halo::side;
      return first.h + h < read.height && first.w + w < read.width
                 ? first.pixel + h * read.width + w
                 : -1;
    };
    ChunkWriter<Tile>(to, first_channel(), first_channel() + Tile::columns)(sums, stored, pixel);
  }
};

}  // namespace robmask::cuda
