#pragma once
// A 3×3 convolution of 64 channels, stride 1 and padding 1, or its input gradient, by the products
// of a warpgroup. The left factor is weights, from registers; the right one pixels, from shared
// memory, where the patch that a tile reads lies once: another tap is the same patch begun
// elsewhere. docs/convolution.md says why it lies as it does.

#include "engine/cuda/output_map.h"
#include "engine/cuda/tap_product.h"
#include "engine/cuda/warp_panel.h"

namespace robmask::cuda {

/// What a tile of 16×16 written pixels reads, itself and a pixel around it: by chunks of eight
/// channels, in each the pixels row by row. A chunk has room for one pixel more, an odd number: so
/// the chunks of a pixel go to eight different places in the 128 bytes of the banks.
struct Halo {
  static constexpr int side = 16, width = side + 2, pixels = width * width, wide = 8, chunks = 8;

  alignas(16) bf16 at[chunks][pixels + 1][wide];

  /// What the first tap reads for eight columns of the tile, of the first 16 channels: a group of
  /// eight lines is a row of the tile, 128 lines are all of its rows.
  GPU_DEVICE gpu::SharedLines lines() const {
    return gpu::shared_lines(at, sizeof at[0], width * sizeof at[0][0]);
  }
  /// How many chunks further another tap, column and 16 channels begin.
  GPU_DEVICE static int further(int tap, int column, int channels16) {
    return channels16 * 2 * (pixels + 1) + tap / 3 * width + tap % 3 + column;
  }
};

/// The sums of eight columns of a tile on their way to the map, which has them by pixels: a thread
/// holds two channels of many pixels. The pitch lets a warp write to 32 different banks.
struct HaloStrip {
  static constexpr int width = 8, pixels = width * Halo::side, channels = 64;

  alignas(16) float at[pixels][channels + 4];

  GPU_DEVICE void put(const float (&sums)[64]) {
    const int warp = gpu::thread() / gpu::warp_size, g = gpu::thread() % gpu::warp_size / 4,
              t = gpu::thread() % 4;
    GPU_UNROLL
    for (int i = 0; i < 64; ++i)
      at[i / 4 * 8 + 2 * t + i % 2][16 * warp + g + i % 4 / 2 * 8] = sums[i];
  }
};

/// written[p][·] ← Σ over taps t of read[p + t − (1, 1)][·] · weight[t], by blocks that
/// stay: each takes 64 written channels (a row of the grid), brings their weights once, and goes
/// from tile to tile. `transposed` is the input gradient: its weights lie along the depth, its taps
/// in the opposite order.
template <bool transposed>
struct HaloProduct {
  using Weights = Panel<bf16, HaloStrip::channels, transposed>;
  static constexpr int threads = gpu::warpgroup_size;
  static constexpr int taps = 9, depth = Halo::chunks * Halo::wide, halves = depth / Weights::depth;
  struct Shared {
    Weights weights[taps][halves];  // in the order in which the taps walk through the patch
    union {
      Halo halo;
      HaloStrip strip;
    };
  };
  /// Two blocks fit a multiprocessor: one multiplies while the other brings and stores.
  static constexpr int blocks_each = 2;

  Gathered<bf16> read;
  WeightView<bf16> weight;
  OutputMap<bf16> to;
  int tiles, tile_rows, tile_columns;  // of all images, and in one

  GPU_DEVICE void operator()() const {
    auto& shared = gpu::shared<Shared>();
    bring_weights(shared.weights);
    for (int tile = gpu::block().x; tile < tiles; tile += gpu::blocks().x) {
      const Place first = first_pixel(tile);
      bring_halo(shared.halo, first);
      gpu::commit_copies();
      gpu::wait_copies<0>();
      gpu::barrier_before_products();
      float sums[2][64] = {};
      add_products(sums, shared.weights, shared.halo);
      gpu::barrier();  // all are done with the halo
      store(first, sums, shared.strip);
    }
  }

 private:
  static constexpr int strips = Halo::side / HaloStrip::width, steps = depth / 16;

  GPU_DEVICE static int first_channel() {
    return static_cast<int>(gpu::block().y) * HaloStrip::channels;
  }
  GPU_DEVICE Place first_pixel(int tile) const {
    const int in_image = tile_rows * tile_columns, n = tile / in_image, rest = tile % in_image;
    const int h = rest / tile_columns * Halo::side, w = rest % tile_columns * Halo::side;
    return {h, w, (n * read.height + h) * read.width + w};
  }
  GPU_DEVICE Tap away(int h, int w) const { return {h, w, (h * read.width + w) * read.pitch}; }

  GPU_DEVICE void bring_weights(Weights (&to_panels)[taps][halves]) const {
    const Share<Weights, threads> share;
    for (int tap = 0; tap < taps; ++tap)
      for (int half = 0; half < halves; ++half)
        for (int i = 0; i < share.rounds; ++i) {
          const int k = half * Weights::depth + (transposed ? share.at() : share.row(i));
          const int column = first_channel() + (transposed ? share.row(i) : share.at());
          gpu::copy_async(to_panels[tap][half].chunk(share.row(i), share.chunk),
                          weight.data + (transposed ? taps - 1 - tap : tap) * weight.tap +
                              k * weight.depth + column * weight.column);
        }
  }

  GPU_DEVICE void bring_halo(Halo& halo, const Place& first) const {
    const int chunk = gpu::thread() % Halo::chunks;
    for (int p = gpu::thread() / Halo::chunks; p < Halo::pixels; p += threads / Halo::chunks) {
      const Tap tap = away(p / Halo::width - 1, p % Halo::width - 1);
      gpu::copy_async(halo.at[chunk][p], read.at(first, tap) + chunk * Halo::wide,
                      read.inside(first, tap));
    }
  }

  /// While the products of a tap are on their way, the weights of the next are loaded.
  GPU_DEVICE static void add_products(float (&sums)[strips][64],
                                      const Weights (&weights)[taps][halves], const Halo& halo) {
    const gpu::SharedLines lines = halo.lines();
    const int line = gpu::thread() / gpu::warp_size * 16;
    gpu::Fragment left[2][steps];
    const auto load = [&](int tap) {
      GPU_UNROLL
      for (int k = 0; k < steps; ++k)
        left[tap % 2][k] = weights[tap][k / 2].template fragment<false>(line, k % 2);
    };
    load(0);
    GPU_UNROLL
    for (int tap = 0; tap < taps; ++tap) {
      gpu::fence_registers(sums);
      GPU_UNROLL
      for (int k = 0; k < steps; ++k) {
        GPU_UNROLL
        for (int strip = 0; strip < strips; ++strip)
          gpu::multiply_async(sums[strip], left[tap % 2][k],
                              lines.further(Halo::further(tap, strip * HaloStrip::width, k)));
      }
      gpu::commit_products();
      gpu::wait_products<1>();  // those of the tap before
      if (tap + 1 < taps) load(tap + 1);
    }
    gpu::finish_products(sums);
  }

  GPU_DEVICE void store(const Place& first, const float (&sums)[strips][64],
                        HaloStrip& strip) const {
    constexpr int wide = Halo::wide, chunks = HaloStrip::channels / wide;
    const int channel = gpu::thread() % chunks * wide;
    GPU_UNROLL
    for (int i = 0; i < strips; ++i) {
      strip.put(sums[i]);
      gpu::barrier();
      for (int p = gpu::thread() / chunks; p < HaloStrip::pixels; p += threads / chunks) {
        const int h = p / HaloStrip::width, w = i * HaloStrip::width + p % HaloStrip::width;
        if (first.h + h < read.height && first.w + w < read.width)
          to.put(first.pixel + h * read.width + w, first_channel() + channel,
                 load<wide>(strip.at[p] + channel));
      }
      gpu::barrier();  // for the next strip, or halo
    }
  }
};

}  // namespace robmask::cuda
