#include "engine/cpu/tap_product.h"

#include "engine/cpu/microkernel.h"
#include "engine/cpu/packed_weights.h"
#include "engine/threads.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Weights of one panel times one block of depth should stay in the second-level cache beside the
/// pixels they meet: about this many rows of them, over all taps.
constexpr Index block_rows = 576;
/// The most tiles that one task walks for each panel, and how many tasks are enough to share out.
constexpr Index task_tiles = 96, enough_tasks = 32;
/// Maps of fewer pixels keep the rows of R images in the first-level cache in the narrowest tiles.
constexpr Index small_map = 200;

/// The product cut into tiles of R written pixels × V vectors of channels.
///
/// Pixels are numbered block by block of images, in a block position by position, image by image.
/// In a block of R images a tile is one position of each: at the border all its rows miss the same
/// taps, which are skipped. (On a 4×4 map that saves 31% of the work of a 3×3 window.) But the
/// images often lie a power of two apart, and then their pixels push each other out of the
/// first-level cache: narrow tiles, of many rows and little work for each, take the images of large
/// maps one by one.
template <class T, int V>
class TiledProduct {
 public:
  TiledProduct(const TapProduct<T>& product, Backend& scratch)
      : p_(product),
        block_depth_(std::clamp<Index>(block_rows / std::max<Index>(p_.taps.count(), 1), 16, 256)),
        together_(V == 1 && p_.taps.pixels() >= small_map ? 1 : R),
        weights_(p_, block_depth_, scratch),
        zeros_(scratch, {1, 1, 1, p_.groups * p_.depth}, dtype_of<T>()) {
    std::fill_n(zeros_.template data<T>(), p_.groups * p_.depth, T(0));
    const Index whole = blocks() > 0 ? together_ : 0, rest = p_.images % together_;
    whole_block_ = tiles_of(whole);
    const Index plans = whole_block_ + tiles_of(rest);
    plans_ = Tensor(scratch, {plans, 1, 1, 2 * R + p_.taps.count()}, DType::i32);
    plan_block(0, whole);
    plan_block(whole_block_, rest);
  }

  void run() const {
    const Index last_block = plans_.shape().n - whole_block_;
    const Index tiles = blocks() * whole_block_ + last_block, panels = weights_.panels();
    if (tiles == 0) return;
    Index chunks = ceil_div(tiles, task_tiles);
    const Index splits = std::min(panels, ceil_div(enough_tasks, chunks));
    chunks = std::max(chunks, std::min(ceil_div(tiles, 8), ceil_div(enough_tasks, splits)));
    parallel_for(chunks * splits, [&](Index task) {
      const Index chunk = task / splits, split = task % splits;
      run_task(tiles * chunk / chunks, tiles * (chunk + 1) / chunks, panels * split / splits,
               panels * (split + 1) / splits);
    });
  }

 private:
  static constexpr int R = tile_rows(V), width = V * lanes<T>;
  static constexpr std::int32_t all_rows = (1 << R) - 1;

  /// What the R rows of a tile read, but for the tap's shift, as offsets in elements, and which
  /// pixels they write (−1 past the last one), both counted from the first image of its block, the
  /// same in every block; and for each tap the rows, a bit each, whose pixel is on the map.
  struct Plan {
    std::int32_t *read, *written, *inside;
  };

  Plan plan(Index number) const {
    std::int32_t* at = plans_.template data<std::int32_t>() + number * plans_.pitch();
    return {at, at + R, at + 2 * R};
  }
  Index blocks() const { return p_.images / together_; }
  Index tiles_of(Index images) const { return ceil_div(p_.taps.pixels() * images, R); }

  /// Plans for the tiles of a block of `images`.
  void plan_block(Index first_plan, Index images) {
    const Taps& taps = p_.taps;
    const Index pixels = taps.pixels();
    parallel_for(tiles_of(images), [&](Index i) {
      const Plan tile = plan(first_plan + i);
      Index p = i * R / images, n = i * R % images;  // position and image of the next row
      std::fill_n(tile.inside, taps.count(), 0);
      for (int row = 0; row < R; ++row) {
        tile.read[row] = 0;
        tile.written[row] = -1;
        if (p == pixels) continue;
        tile.read[row] = n * p_.read.image + taps.origin[p] * p_.read.pitch;
        tile.written[row] = n * p_.pixels + taps.written[p];
        for (Index t = 0; t < taps.count(); ++t)
          tile.inside[t] |= (taps.read[t * pixels + p] >= 0) << row;
        if (++n < images) continue;
        n = 0;
        ++p;
      }
    });
  }

  void run_task(Index first_tile, Index last_tile, Index first_panel, Index last_panel) const {
    for (Index group = 0; group < p_.groups; ++group)
      for (Index first = 0; first < p_.depth; first += block_depth_) {
        const Index depth = std::min(block_depth_, p_.depth - first);
        for (Index j = first_panel; j < last_panel; ++j)
          for (Index tile = first_tile; tile < last_tile; ++tile)
            run_tile(tile, weights_.panel(group, first, j), group * p_.depth + first, depth,
                     group * p_.columns + j * width, std::min<Index>(width, p_.columns - j * width),
                     p_.written.add || first > 0, first + depth == p_.depth);
      }
  }

  /// Which plan a tile follows, and the first image of its block.
  std::pair<Index, Index> plan_and_image(Index tile) const {
    const Index in_blocks = blocks() * whole_block_;
    if (tile >= in_blocks) return {whole_block_ + tile - in_blocks, blocks() * together_};
    return {tile % whole_block_, tile / whole_block_ * together_};
  }

  /// written[·][column…] (+)= Σ over taps and `depth` channels from `channel` on; the last ones of
  /// a sum finish it.
  [[gnu::noinline]] void run_tile(Index index, const T* weights, Index channel, Index depth,
                                  Index column, Index columns, bool add, bool last) const {
    constexpr std::make_integer_sequence<int, R> each{};
    thread_local T spill[width];
    const auto [number, image] = plan_and_image(index);
    const auto [offset, written, inside] = plan(number);
    const PixelView<T>& map = p_.written.to;
    T* const to = map.data + image * map.image + column;
    const T* const from = p_.read.data + image * p_.read.image + channel;
    const T* const zeros = zeros_.template data<T>();
    Tile<T, R, V> tile;
    auto row = [&](int i) { return written[i] < 0 ? spill : to + written[i] * map.pitch; };
    if (last && !p_.written.is_plain())
      for (int i = 0; i < R && written[i] >= 0; ++i)
        p_.written.template prefetch<width>(image * p_.pixels + written[i], column);
    tile.clear();
    if (add) tile.add_rows(row, columns);
    for (Index t = 0; t < p_.taps.count(); ++t) {
      if (inside[t] == 0) continue;
      const T* read[R];
      const Index shift = p_.taps.shift[t] * p_.read.pitch;
      unroll([&](auto i) { read[i] = from + (offset[i] + shift); }, each);
      if (inside[t] != all_rows)
        unroll([&](auto i) { read[i] = inside[t] >> i & 1 ? read[i] : zeros; }, each);
      const T* b = weights + t * depth * width;
      for (Index k = 0; k < depth; ++k, b += width)
        tile.step([&](auto i) { return read[i][k]; }, b);
    }
    tile.store_rows(row, columns);
    if (!last || p_.written.is_plain()) return;
    for (int i = 0; i < R && written[i] >= 0; ++i)
      p_.written.finish(image * p_.pixels + written[i], column, columns);
  }

  const TapProduct<T>& p_;
  Index block_depth_, together_;  // images of a block
  PackedWeights<T, width> weights_;
  Tensor zeros_;
  Tensor plans_;       // of a block's tiles, then of those of the last, smaller one
  Index whole_block_;  // plans of a block
};

}  // namespace

template <class T>
void multiply_taps(const TapProduct<T>& product, Backend& scratch) {
  with_vectors<T>(product.columns, [&]<int V>() { TiledProduct<T, V>(product, scratch).run(); });
}

template void multiply_taps(const TapProduct<float>&, Backend&);
template void multiply_taps(const TapProduct<double>&, Backend&);

}  // namespace robmask::ROBMASK_ISA
