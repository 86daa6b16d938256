#pragma once
// A convolution and its input gradient on tensor cores: the product of tap_product.h, its left rows
// gathered 16 bytes at a time.

#include <algorithm>

#include "engine/cuda/tap_product.h"
#include "engine/cuda/warp_product.h"
#include "engine/cuda/warp_store.h"

namespace robmask::cuda {

/// The factors, of one group of channels: `depth` are summed over, `columns` are written.
template <class T>
struct MapFactors {
  Gathered<T> read;
  WeightView<T> weight;
  int depth, columns;
};
template <class T>
struct TapFactors : MapFactors<T> {
  const Taps& taps;
};

/// Brings chunks of neighbouring channels past the registers. A step stays within one tap, so what
/// is inside the map is asked once a tap and kept as a bit for each row.
template <class T, class Tile, bool transposed>
class TapChunks {
 public:
  using Left = Panel<T, Tile::rows, true>;
  using Right = Panel<T, Tile::columns, transposed>;

  GPU_DEVICE TapChunks(const TapFactors<T>& factors, int first_pixel, int first_column)
      : f_(factors), first_column_(first_column) {
    for (int i = 0; i < left_.rounds; ++i) places_[i] = f_.taps.place(first_pixel + left_.row(i));
    enter_tap();
  }
  GPU_DEVICE static int steps(const TapFactors<T>& f) {
    return f.taps.tap_rows() * f.taps.tap_columns() * ((f.depth + Left::depth - 1) / Left::depth);
  }

  GPU_DEVICE void bring(Stage<Left, Right>& to) {
    const int from = channel_ + left_.at();
    GPU_UNROLL
    for (int i = 0; i < left_.rounds; ++i)
      if (left_.takes(i))
        gpu::copy_async(to.left.chunk(left_.row(i), left_.chunk),
                        f_.read.at(places_[i], tap_) + from, (inside_ >> i & 1) && from < f_.depth);
    GPU_UNROLL
    for (int i = 0; i < right_.rounds; ++i) {
      const int k = channel_ + (transposed ? right_.at() : right_.row(i));
      const int column = first_column_ + (transposed ? right_.row(i) : right_.at());
      if (right_.takes(i))
        gpu::copy_async(to.right.chunk(right_.row(i), right_.chunk),
                        weight_ + k * f_.weight.depth + column * f_.weight.column,
                        k < f_.depth && column < f_.columns);
    }
    channel_ += Left::depth;
    if (channel_ < f_.depth) return;
    channel_ = 0;
    if (++tap_column_ == f_.taps.tap_columns()) {
      tap_column_ = 0;
      ++tap_row_;
    }
    enter_tap();
  }

 private:
  GPU_DEVICE void enter_tap() {
    tap_ = f_.taps.tap(tap_row_, tap_column_);
    weight_ = f_.weight.data + f_.taps.weight_tap(tap_row_, tap_column_) * f_.weight.tap;
    inside_ = 0;
    GPU_UNROLL
    for (int i = 0; i < left_.rounds; ++i)
      inside_ |= static_cast<unsigned>(f_.read.inside(places_[i], tap_)) << i;
  }

  const TapFactors<T>& f_;
  Share<Left, Tile::threads> left_;
  Share<Right, Tile::threads> right_;
  Place places_[decltype(left_)::rounds];
  int first_column_;
  // Where the next step begins.
  int tap_row_ = 0, tap_column_ = 0, channel_ = 0;
  Tap tap_;
  unsigned inside_;
  const T* weight_;
};

/// Brings element by element, for maps whose channels do not come in chunks: three of an image, ten
/// classes. Terms of all taps follow each other, so 27 of them fill one step.
template <class T, class Tile, bool transposed>
class TapElements {
 public:
  using Left = Panel<T, Tile::rows, true>;
  using Right = Panel<T, Tile::columns, transposed>;

  GPU_DEVICE TapElements(const TapFactors<T>& factors, int first_pixel, int first_column)
      : f_(factors), place_(f_.taps.place(first_pixel + row())), column_(first_column + column()) {}
  GPU_DEVICE static int steps(const TapFactors<T>& f) {
    return (f.taps.terms() + Left::depth - 1) / Left::depth;
  }

  GPU_DEVICE void bring(Stage<Left, Right>& to) {
    for (int k = gpu::thread() / Tile::rows; k < Left::depth; k += Tile::threads / Tile::rows)
      to.left.put(row(), k, f_.read(place_, f_.taps.tap(first_ + k)));
    for (int k = gpu::thread() / Tile::columns; k < Left::depth; k += Tile::threads / Tile::columns)
      to.right.put(column(), k, weight(first_ + k));
    first_ += Left::depth;
  }

 private:
  static_assert(Tile::threads % Tile::rows == 0 && Tile::threads % Tile::columns == 0);
  GPU_DEVICE static int row() { return gpu::thread() % Tile::rows; }
  GPU_DEVICE static int column() { return gpu::thread() % Tile::columns; }
  GPU_DEVICE T weight(int k) const {
    int channel;
    const int tap = f_.taps.weight(k, channel);
    const bool exists = k < f_.taps.terms() && column_ < f_.columns;
    return exists ? f_.weight.data[tap * f_.weight.tap + channel * f_.weight.depth +
                                   column_ * f_.weight.column]
                  : T(0);
  }

  const TapFactors<T>& f_;
  Place place_;
  int column_, first_ = 0;
};

/// A group of channels is a layer of the grid; each of up to `parts` taps, which write pixels of
/// their own, a row of it.
template <class T, class Out, class Tile, class Source, int parts>
struct WarpTapProduct {
  union Shared {
    Stage<typename Source::Left, typename Source::Right> stages[Tile::stages];
    StoredTile<Tile> stored;
  };
  static constexpr int threads = Tile::threads;

  MapFactors<T> factors;
  OutputMap<Out> to;
  int column_tiles;
  Taps taps[parts];

  /// Tiles of the same pixels are neighbours: they read the same part of the map.
  gpu::Blocks blocks(std::size_t rows, Index groups) const {
    int pixels = 0;
    for (const Taps& t : taps) pixels = std::max(pixels, t.pixels());
    return {Index{(pixels + Tile::rows - 1) / Tile::rows} * column_tiles, rows, groups};
  }

  GPU_DEVICE void operator()() const {
    if constexpr (parts > 1) {
      if (first_pixel() >= mine().pixels()) return;
      const bool stays = mine().terms() == 0 && to.adds_to_itself();  // a shortcut's pixels
      if (stays) return;
    }
    auto& shared = gpu::shared<Shared>();
    store(sums(shared), shared);
  }

  // Of the block: its taps; where its tile begins, the column also among those of all groups.
  GPU_DEVICE const Taps& mine() const { return taps[parts > 1 ? gpu::block().y : 0]; }
  GPU_DEVICE int first_pixel() const {
    return static_cast<int>(gpu::block().x) / column_tiles * Tile::rows;
  }
  GPU_DEVICE int first_column() const {
    return static_cast<int>(gpu::block().x) % column_tiles * Tile::columns;
  }
  GPU_DEVICE int first_channel() const {
    return static_cast<int>(gpu::block().z) * factors.columns + first_column();
  }

  GPU_DEVICE WarpSums<Tile> sums(Shared& shared) const {
    const auto group = static_cast<int>(gpu::block().z);
    TapFactors<T> of_group{factors, mine()};
    of_group.read.data += group * factors.depth;
    of_group.weight.data += group * factors.weight.group;
    Source source(of_group, first_pixel(), first_column());
    return multiply<T, Tile>(shared.stages, source, Source::steps(of_group));
  }

  GPU_DEVICE void store(const WarpSums<Tile>& sums, Shared& shared) const {
    const int first = first_pixel(), channel = first_channel();
    const int end = static_cast<int>(gpu::block().z + 1) * factors.columns;
    const auto pixel = [&](int row) {
      const int p = first + row;
      return p < mine().pixels() ? mine().written(p) : -1;
    };
    if constexpr (std::is_same_v<Out, bf16>)
      if (to.wide) return ChunkWriter<Tile>(to, channel, end)(sums, shared.stored, pixel);
    sums.each_pair([&](int row, int column, float a, float b) {
      const int p = pixel(row);
      if (p >= 0) PairWriter<Out>(to, p, end).put(channel + column, a, b);
    });
  }
};

}  // namespace robmask::cuda
