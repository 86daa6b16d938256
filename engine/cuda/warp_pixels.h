#pragma once
// The weight gradient on tensor cores: the product of pixel_product.h. Both maps have neighbours in
// memory across the depth, which is the pixels.

#include "engine/cuda/output_map.h"
#include "engine/cuda/pixel_product.h"
#include "engine/cuda/warp_product.h"

namespace robmask::cuda {

/// The factors, of one group of channels: x gathered, `columns` of dy.
template <class T>
struct PixelFactors {
  Taps taps;
  Gathered<T> x;
  const T* dy;
  Index dy_pitch;
  int columns;
};

/// Brings chunks of neighbouring channels past the registers. A thread's chunks are all of one tap.
template <class T, class Tile>
class PixelChunks {
 public:
  using Left = Panel<T, Tile::rows, false>;
  using Right = Panel<T, Tile::columns, false>;

  GPU_DEVICE PixelChunks(const PixelFactors<T>& factors, int first_row, int first_column,
                         int first_pixel, int end)
      : f_(factors),
        tap_(f_.taps.tap(first_row + left_.at())),
        column_(first_column + right_.at()),
        pixel_(first_pixel),
        end_(end) {}

  GPU_DEVICE void bring(Stage<Left, Right>& to) {
    GPU_UNROLL
    for (int i = 0; i < left_.rounds; ++i) {
      const int p = pixel_ + left_.row(i);
      const Place place = f_.taps.place(p);
      if (left_.takes(i))
        gpu::copy_async(to.left.chunk(left_.row(i), left_.chunk), f_.x.at(place, tap_),
                        p < end_ && f_.x.inside(place, tap_));
    }
    GPU_UNROLL
    for (int i = 0; i < right_.rounds; ++i) {
      const int p = pixel_ + right_.row(i);
      if (right_.takes(i))
        gpu::copy_async(to.right.chunk(right_.row(i), right_.chunk),
                        f_.dy + p * f_.dy_pitch + column_, p < end_ && column_ < f_.columns);
    }
    pixel_ += Left::depth;
  }

 private:
  const PixelFactors<T>& f_;
  Share<Left, Tile::threads> left_;
  Share<Right, Tile::threads> right_;
  Tap tap_;
  int column_, pixel_, end_;
};

/// Brings element by element.
template <class T, class Tile>
class PixelElements {
 public:
  using Left = Panel<T, Tile::rows, false>;
  using Right = Panel<T, Tile::columns, false>;

  GPU_DEVICE PixelElements(const PixelFactors<T>& factors, int first_row, int first_column,
                           int first_pixel, int end)
      : f_(factors),
        tap_(f_.taps.tap(first_row + row())),
        column_(first_column + column()),
        pixel_(first_pixel),
        end_(end) {}

  GPU_DEVICE void bring(Stage<Left, Right>& to) {
    for (int k = gpu::thread() / Tile::rows; k < Left::depth; k += Tile::threads / Tile::rows) {
      const int p = pixel_ + k;
      to.left.put(row(), k, p < end_ ? f_.x(f_.taps.place(p), tap_) : T(0));
    }
    for (int k = gpu::thread() / Tile::columns; k < Left::depth;
         k += Tile::threads / Tile::columns) {
      const int p = pixel_ + k;
      const bool exists = p < end_ && column_ < f_.columns;
      to.right.put(column(), k, exists ? f_.dy[p * f_.dy_pitch + column_] : T(0));
    }
    pixel_ += Left::depth;
  }

 private:
  static_assert(Tile::threads % Tile::rows == 0 && Tile::threads % Tile::columns == 0);
  GPU_DEVICE static int row() { return gpu::thread() % Tile::rows; }
  GPU_DEVICE static int column() { return gpu::thread() % Tile::columns; }

  const PixelFactors<T>& f_;
  Tap tap_;
  int column_, pixel_, end_;
};

/// sums[piece][term][·] as PixelProduct; a piece a row of the grid, a group a layer.
template <class T, class Tile, class Source>
struct WarpPixelProduct {
  struct Shared {
    Stage<typename Source::Left, typename Source::Right> stages[Tile::stages];
  };
  static constexpr int threads = Tile::threads;

  PixelFactors<T> factors;
  OutputMap<float> sums;  // pieces × terms × all columns
  int piece_pixels, depth, column_tiles;

  GPU_DEVICE void operator()() const {
    const auto tile = static_cast<int>(gpu::block().x), piece = static_cast<int>(gpu::block().y),
               group = static_cast<int>(gpu::block().z);
    const int first_row = tile / column_tiles * Tile::rows;
    const int first_column = tile % column_tiles * Tile::columns;
    const int first_pixel = piece * piece_pixels, behind = first_pixel + piece_pixels;
    PixelFactors<T> mine = factors;
    mine.x.data += group * depth;
    mine.dy += group * mine.columns;
    const int end = behind < mine.taps.pixels() ? behind : mine.taps.pixels();
    const int steps = (end - first_pixel + Source::Left::depth - 1) / Source::Left::depth;
    Source source(mine, first_row, first_column, first_pixel, end);
    auto& stages = gpu::shared<Shared>().stages;

    OutputMap<float> piece_sums = sums;
    piece_sums.to.data += Index{piece} * mine.taps.terms() * piece_sums.to.pitch;
    const int first_channel = group * mine.columns + first_column;
    multiply<T, Tile>(stages, source, steps).each_pair([&](int row, int column, float a, float b) {
      const int term = first_row + row;
      if (term < mine.taps.terms())
        PairWriter<float>(piece_sums, term, (group + 1) * mine.columns)
            .put(first_channel + column, a, b);
    });
  }
};

}  // namespace robmask::cuda
