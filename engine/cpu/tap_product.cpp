#include "engine/cpu/tap_product.h"

#include "engine/cpu/microkernel.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Weights of one panel (the columns of a tile) times one block of depth are meant to stay in the
/// second-level cache beside the pixels they meet: about this many rows of them, over all taps.
constexpr Index block_rows = 576;
/// Tiles that one task walks for each panel.
constexpr Index task_tiles = 96;

/// The product cut into tiles of R written pixels × V vectors of channels. Pixels are numbered so that
/// a tile holds one position of R images: at the border all its rows then miss the same taps, which
/// are skipped. (On a 4×4 map that saves 31% of the work of a 3×3 window.)
template <class T, int V>
class TiledProduct {
 public:
  explicit TiledProduct(const TapProduct<T>& product)
      : p_(product),
        block_depth_(std::clamp<Index>(block_rows / std::max<Index>(p_.taps.count(), 1), 16, 256)),
        panels_((p_.columns + width - 1) / width),
        tiles_((p_.images * p_.taps.pixels() + R - 1) / R) {}

  void run(Backend& scratch) {
    const Index packed = p_.groups * p_.depth * p_.taps.count() * panels_ * width;
    const Index channels = p_.groups * p_.depth;
    Tensor buffer(scratch, {1, 1, 1, packed + channels}, dtype_of<T>());
    packed_ = buffer.template data<T>();
    zeros_ = packed_ + packed;
    std::fill_n(packed_ + packed, channels, T(0));
    pack();
    const Index chunks = (tiles_ + task_tiles - 1) / task_tiles;
    const Index splits = chunks >= 8 ? 1 : std::min<Index>(panels_, 8);
#pragma omp parallel for schedule(dynamic)
    for (Index task = 0; task < chunks * splits; ++task) {
      const Index chunk = task / splits, split = task % splits;
      run_task(chunk * task_tiles, std::min(tiles_, (chunk + 1) * task_tiles),
               panels_ * split / splits, panels_ * (split + 1) / splits);
    }
  }

 private:
  static constexpr int R = tile_rows(V), width = V * lanes<T>;

  /// What a tile reads and writes, worked out once for all panels and blocks of depth.
  struct Rows {
    const T* read[R];
    int tap;
  };
  struct Plan {
    T* written[R];
    Index steps_begin, steps_end;
  };

  /// Packed weights of a panel: [tap][depth of this block][width], blocks of all panels side by side.
  T* panel(Index group, Index first, Index depth, Index panel) const {
    return packed_ + ((group * p_.depth + first) * panels_ + depth * panel) * p_.taps.count() * width;
  }

  void pack() {
#pragma omp parallel for collapse(3) schedule(static)
    for (Index group = 0; group < p_.groups; ++group)
      for (Index t = 0; t < p_.taps.count(); ++t)
        for (Index j = 0; j < panels_; ++j) pack_panel(group, t, j);
  }

  void pack_panel(Index group, Index t, Index j) const {
    const Index columns = std::min<Index>(width, p_.columns - j * width);
    const T* from = p_.weight.data + p_.taps.weight[t] * p_.weight.tap + group * p_.weight.group +
                    j * width * p_.weight.column;
    auto to = [&](Index k) {
      const Index first = k / block_depth_ * block_depth_;
      const Index depth = std::min(block_depth_, p_.depth - first);
      return panel(group, first, depth, j) + (t * depth + k - first) * width;
    };
    if (columns < width)
      for (Index k = 0; k < p_.depth; ++k) std::fill_n(to(k) + columns, width - columns, T(0));
    if (p_.weight.column == 1) {
      for (Index k = 0; k < p_.depth; ++k)
        std::copy_n(from + k * p_.weight.depth, columns, to(k));
      return;
    }
    // Transposed: a vector's worth of rows at a time, so that reads run along them.
    for (Index left = 0; left < columns; left += lanes<T>) {
      const Index right = std::min<Index>(columns, left + lanes<T>);
      for (Index k = 0; k < p_.depth; ++k) {
        T* row = to(k);
        for (Index i = left; i < right; ++i)
          row[i] = from[k * p_.weight.depth + i * p_.weight.column];
      }
    }
  }

  /// Pixels in blocks of R images (fewer in the last), position by position, image by image.
  void plan(Plan& tile, std::vector<Rows>& steps, Index first_row, T* spill) const {
    const Index pixels = p_.taps.pixels(), rows = p_.images * pixels;
    const T* image[R];
    Index position[R];
    for (int i = 0; i < R; ++i) {
      const Index row = first_row + i;
      position[i] = -1;
      tile.written[i] = spill;
      if (row >= rows) continue;
      const Index first_image = row / (pixels * R) * R;
      const Index together = std::min<Index>(R, p_.images - first_image);
      const Index inside = row - first_image * pixels;
      const Index n = first_image + inside % together;
      position[i] = inside / together;
      image[i] = p_.read.data + n * p_.read.image;
      tile.written[i] = p_.written.data + n * p_.written.image +
                        p_.taps.written[position[i]] * p_.written.pitch;
    }
    tile.steps_begin = steps.size();
    for (Index t = 0; t < p_.taps.count(); ++t) {
      Rows step;
      step.tap = static_cast<int>(t);
      bool any = false;
      for (int i = 0; i < R; ++i) {
        const int at = position[i] < 0 ? -1 : p_.taps.read[t * pixels + position[i]];
        step.read[i] = at < 0 ? zeros_ : image[i] + at * p_.read.pitch;
        any |= at >= 0;
      }
      if (any) steps.push_back(step);
    }
    tile.steps_end = steps.size();
  }

  void run_task(Index first_tile, Index last_tile, Index first_panel, Index last_panel) const {
    thread_local std::vector<T> spill;
    thread_local std::vector<Plan> tiles;
    thread_local std::vector<Rows> steps;
    spill.resize(p_.groups * p_.columns);
    tiles.resize(last_tile - first_tile);
    steps.clear();
    for (Index tile = first_tile; tile < last_tile; ++tile)
      plan(tiles[tile - first_tile], steps, tile * R, spill.data());
    for (Index group = 0; group < p_.groups; ++group)
      for (Index first = 0; first < std::max<Index>(p_.depth, 1); first += block_depth_) {
        const Index depth = std::min(block_depth_, p_.depth - first);
        for (Index j = first_panel; j < last_panel; ++j)
          for (const Plan& tile : tiles)
            run_tile(tile, steps.data(), panel(group, first, depth, j), group * p_.depth + first,
                     depth, group * p_.columns + j * width,
                     std::min<Index>(width, p_.columns - j * width), p_.add || first > 0);
      }
  }

  [[gnu::noinline]] static void run_tile(const Plan& plan, const Rows* steps, const T* weights,
                                         Index channel, Index depth, Index column, Index columns,
                                         bool add) {
    Tile<T, R, V> tile;
    auto row = [&](int i) { return plan.written[i] + column; };
    tile.clear();
    if (add) tile.add_rows(row, columns);
    for (Index s = plan.steps_begin; s < plan.steps_end; ++s) {
      const T* read[R];
      unroll([&](auto i) { read[i] = steps[s].read[i] + channel; },
             std::make_integer_sequence<int, R>{});
      const T* b = weights + steps[s].tap * depth * width;
      for (Index k = 0; k < depth; ++k, b += width)
        tile.step([&](auto i) { return read[i][k]; }, b);
    }
    tile.store_rows(row, columns);
  }

  const TapProduct<T>& p_;
  Index block_depth_, panels_, tiles_;
  T* packed_ = nullptr;
  const T* zeros_ = nullptr;
};

}  // namespace

template <class T>
void multiply(const TapProduct<T>& product, Backend& scratch) {
  switch (choose_vectors<T>(product.columns)) {
    case 1: return TiledProduct<T, 1>(product).run(scratch);
    case 2: return TiledProduct<T, 2>(product).run(scratch);
    case 3: return TiledProduct<T, std::min(3, max_vectors)>(product).run(scratch);
    default: return TiledProduct<T, max_vectors>(product).run(scratch);
  }
}

template void multiply(const TapProduct<float>&, Backend&);
template void multiply(const TapProduct<double>&, Backend&);

}  // namespace robmask::ROBMASK_ISA
