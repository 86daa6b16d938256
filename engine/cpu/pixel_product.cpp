#include "engine/cpu/pixel_product.h"

#include <array>

#include "engine/cpu/microkernel.h"
#include "engine/cpu/tap_product.h"
#include "engine/threads.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Pixels that one pass over the tiles of dw sums. A panel of dy of the small height stays in the
/// first-level cache; where dw itself outgrows the second-level one, fewer passes over it pay more.
constexpr Index few_pixels = 128, many_pixels = 512, large_dw = 1 << 19;
/// Where other programs use the cores, whoever is ahead takes parts of others' shares. Each part
/// packs dy anew: it has a few tiles, as long as there is one for every thread.
constexpr Index parts_of_a_share = 4, few_tiles = 4;

template <class T, int V>
class PixelProduct {
 public:
  PixelProduct(const Sink& dw, const Tensor& dy, const Tensor& x, const Window& window)
      : dw_(dw.to.data<T>()),
        dw_pitch_(dw.to.pitch()),
        add_(dw.add),
        x_(x),
        dy_(dy),
        images_(x.shape().n),
        groups_(window.groups),
        depth_(x.shape().c / window.groups),
        columns_(dy.shape().c / window.groups),
        taps_(forward_taps(x.shape(), dy.shape(), window)),
        panels_(ceil_div(columns_, width)),
        depth_tiles_(ceil_div(depth_, R)),
        block_pixels_(dw.to.shape().count() > large_dw ? many_pixels : few_pixels) {
    const Index pixels = taps_.pixels(), chunks = ceil_div(pixels, block_pixels_);
    together_ = std::max<Index>(1, block_pixels_ / pixels);
    for (Index i = 0; i < chunks; ++i) list_pairs(pixels * i / chunks, pixels * (i + 1) / chunks);
  }

  void run(Backend& scratch) {
    const Index panel_tiles = taps_.count() * depth_tiles_, tiles = groups_ * panels_ * panel_tiles;
    const Index threads = thread_count();
    const Index parts =
        threads == 1 ? 1 : std::clamp(tiles / few_tiles, threads, parts_of_a_share * threads);
    Tensor buffer(scratch, {threads, 1, block_pixels_, width}, dtype_of<T>());
    parallel_for(parts, [&](Index part, int thread) {
      run_tiles(tiles * part / parts, tiles * (part + 1) / parts,
                buffer.data<T>() + thread * block_pixels_ * width);
    });
  }

 private:
  static constexpr int R = tile_rows(V), width = V * lanes<T>;

  /// A pixel of x and the row of the packed dy that it meets, as offsets in elements.
  struct Pair {
    int x, dy;
  };

  /// The part of an image that one pass sums, with the pairs of each tap that fall inside x. Images
  /// smaller than a block are taken `together_` at a time: one after another in each list.
  struct Chunk {
    Index first, positions;
    std::vector<std::vector<Pair>> pairs;
  };

  void list_pairs(Index first, Index last) {
    Chunk chunk{first, last - first, {}};
    for (Index t = 0; t < taps_.count(); ++t) {
      std::vector<Pair> pairs;
      for (Index n = 0; n < together_; ++n)
        for (Index p = first; p < last; ++p) {
          const int at = taps_.read[t * taps_.pixels() + p];
          if (at < 0) continue;
          pairs.push_back({static_cast<int>(n * x_.image + at * x_.pitch),
                           static_cast<int>((n * chunk.positions + p - first) * width)});
        }
      chunk.pairs.push_back(std::move(pairs));
    }
    chunks_.push_back(std::move(chunk));
  }

  void run_tiles(Index first, Index last, T* packed) const {
    const Index panel_tiles = taps_.count() * depth_tiles_;
    for (Index n = 0; n < images_; n += together_)
      for (const Chunk& chunk : chunks_)
        for (Index tile = first; tile < last;) {
          const Index panel = tile / panel_tiles, end = std::min(last, (panel + 1) * panel_tiles);
          pack(packed, n, chunk, panel);
          for (; tile < end; ++tile) run_tile(n, chunk, panel, tile % panel_tiles, packed);
        }
  }

  /// Columns of the given panel (over all groups) of the chunk's rows of dy.
  void pack(T* to, Index first_image, const Chunk& chunk, Index panel) const {
    const Index column = panel % panels_ * width;
    const Index columns = std::min<Index>(width, columns_ - column);
    const T* from = dy_.data + panel / panels_ * columns_ + column;
    for (Index n = first_image; n < std::min(images_, first_image + together_); ++n)
      for (Index p = chunk.first; p < chunk.first + chunk.positions; ++p, to += width) {
        const T* row = from + n * dy_.image + p * dy_.pitch;
        if (columns >= width) {
          std::copy_n(row, width, to);
        } else {
          std::copy_n(row, columns, to);
          std::fill(to + columns, to + width, T(0));
        }
      }
  }

  void run_tile(Index n, const Chunk& chunk, Index panel, Index tile, const T* packed) const {
    const Index tap = tile / depth_tiles_, part = tile % depth_tiles_;
    const Index first = depth_ * part / depth_tiles_, last = depth_ * (part + 1) / depth_tiles_;
    const Index group = panel / panels_, column = panel % panels_ * width;
    const std::vector<Pair>& pairs = chunk.pairs[tap];
    const Index count =
        static_cast<Index>(pairs.size()) / together_ * std::min(together_, images_ - n);
    kernels[last - first](
        pairs.data(), count, x_.data + n * x_.image + group * depth_ + first, packed,
        dw_ + (tap * depth_ + first) * dw_pitch_ + group * columns_ + column, dw_pitch_,
        std::min<Index>(width, columns_ - column), add_ || n > 0 || chunk.first > 0);
  }

  using Kernel = void (*)(const Pair*, Index, const T*, const T*, T*, Index, Index, bool);

  template <int rows>
  static void sum_pairs(const Pair* pairs, Index count, const T* x, const T* dy, T* dw, Index pitch,
                        Index columns, bool add) {
    Tile<T, rows, V> tile;
    auto row = [&](int i) { return dw + i * pitch; };
    tile.clear();
    for (const Pair* pair = pairs; pair < pairs + count; ++pair) {
      const T* a = x + pair->x;
      tile.step([&](auto i) { return a[i]; }, dy + pair->dy);
    }
    if (add) tile.add_rows(row, columns);
    tile.store_rows(row, columns);
  }

  template <int... rows>
  static constexpr std::array<Kernel, R + 1> make_kernels(std::integer_sequence<int, rows...>) {
    return {nullptr, &sum_pairs<rows + 1>...};
  }
  static constexpr auto kernels = make_kernels(std::make_integer_sequence<int, R>{});

  T* dw_;
  Index dw_pitch_;
  bool add_;
  PixelView<T> x_, dy_;
  Index images_, groups_, depth_, columns_;
  Taps taps_;
  Index panels_, depth_tiles_, block_pixels_, together_;
  std::vector<Chunk> chunks_;
};

}  // namespace

template <class T>
void multiply_pixels(const Sink& dw, const Tensor& dy, const Tensor& x, const Window& window,
                     Backend& scratch) {
  with_vectors<T>(dy.shape().c / window.groups,
                  [&]<int V>() { PixelProduct<T, V>(dw, dy, x, window).run(scratch); });
}

template void multiply_pixels<float>(const Sink&, const Tensor&, const Tensor&, const Window&,
                                     Backend&);
template void multiply_pixels<double>(const Sink&, const Tensor&, const Tensor&, const Window&,
                                      Backend&);

}  // namespace robmask::ROBMASK_ISA
