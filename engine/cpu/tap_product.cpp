#include "engine/cpu/tap_product.h"

#include "engine/cpu/microkernel.h"
#include "engine/cpu/packed_weights.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Weights of one panel times one block of depth should stay in the second-level cache beside the
/// pixels they meet: about this many rows of them, over all taps.
constexpr Index block_rows = 576;
/// The most tiles that one task walks for each panel, and how many tasks are enough to share out.
constexpr Index task_tiles = 96, enough_tasks = 32;

Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

/// The product cut into tiles of R written pixels × V vectors of channels. Pixels are numbered so that
/// a tile holds one position of R images: at the border all its rows then miss the same taps, which
/// are skipped. (On a 4×4 map that saves 31% of the work of a 3×3 window.)
template <class T, int V>
class TiledProduct {
 public:
  TiledProduct(const TapProduct<T>& product, Backend& scratch)
      : p_(product),
        block_depth_(std::clamp<Index>(block_rows / std::max<Index>(p_.taps.count(), 1), 16, 256)),
        weights_(p_, block_depth_, scratch),
        zeros_(scratch, {1, 1, 1, p_.groups * p_.depth}, dtype_of<T>()) {
    std::fill_n(zeros_.template data<T>(), p_.groups * p_.depth, T(0));
  }

  void run() const {
    const Index tiles = ceil_div(p_.images * p_.taps.pixels(), R), panels = weights_.panels();
    if (tiles == 0) return;
    Index chunks = ceil_div(tiles, task_tiles);
    const Index splits = std::min(panels, ceil_div(enough_tasks, chunks));
    chunks = std::max(chunks, std::min(ceil_div(tiles, 8), ceil_div(enough_tasks, splits)));
#pragma omp parallel for schedule(dynamic)
    for (Index task = 0; task < chunks * splits; ++task) {
      const Index chunk = task / splits, split = task % splits;
      run_task(tiles * chunk / chunks, tiles * (chunk + 1) / chunks, panels * split / splits,
               panels * (split + 1) / splits);
    }
  }

 private:
  static constexpr int R = tile_rows(V), width = V * lanes<T>;

  /// The pixels that the rows of a tile read through one tap.
  struct Step {
    const T* read[R];
    Index tap;
  };
  /// What a tile reads and writes, worked out once for all panels and blocks of depth.
  struct Plan {
    T* written[R];
    Index first_step, last_step;
  };

  void run_task(Index first_tile, Index last_tile, Index first_panel, Index last_panel) const {
    thread_local std::vector<T> spill;
    thread_local std::vector<Plan> tiles;
    thread_local std::vector<Step> steps;
    spill.resize(p_.groups * p_.columns);
    tiles.resize(last_tile - first_tile);
    steps.clear();
    for (Index tile = first_tile; tile < last_tile; ++tile)
      tiles[tile - first_tile] = plan(tile * R, steps, spill.data());
    for (Index group = 0; group < p_.groups; ++group)
      for (Index first = 0; first < p_.depth; first += block_depth_) {
        const Index depth = std::min(block_depth_, p_.depth - first);
        for (Index j = first_panel; j < last_panel; ++j)
          for (const Plan& tile : tiles)
            run_tile(tile, steps.data(), weights_.panel(group, first, j), group * p_.depth + first,
                     depth, group * p_.columns + j * width,
                     std::min<Index>(width, p_.columns - j * width), p_.add || first > 0);
      }
  }

  /// Row `row` of all tiles, and those after it. Pixels are numbered by blocks of R images (fewer in the
  /// last), position by position, image by image.
  struct Cursor {
    Index images, pixels, block, together, n, position;

    Cursor(Index row, Index all_images, Index image_pixels)
        : images(all_images), pixels(image_pixels) {
      start_block(row / (pixels * R) * R);
      const Index in_block = row - block * pixels;
      n = block + in_block % together;
      position = in_block / together;
    }
    void start_block(Index first_image) {
      n = block = first_image;
      together = std::min<Index>(R, images - block);
      position = 0;
    }
    bool past_the_end() const { return block >= images; }
    void next() {
      if (++n < block + together) return;
      n = block;
      if (++position == pixels) start_block(block + R);
    }
  };

  /// Rows past the last pixel read zeros and write to `spill`.
  Plan plan(Index first_row, std::vector<Step>& steps, T* spill) const {
    const Index pixels = p_.taps.pixels();
    const T* image[R] = {};
    Index position[R];
    Plan tile;
    Cursor at(first_row, p_.images, pixels);
    for (int i = 0; i < R; ++i) {
      tile.written[i] = spill;
      position[i] = -1;
      if (at.past_the_end()) continue;
      position[i] = at.position;
      image[i] = p_.read.data + at.n * p_.read.image;
      tile.written[i] = p_.written.data + at.n * p_.written.image +
                        p_.taps.written[at.position] * p_.written.pitch;
      at.next();
    }
    tile.first_step = steps.size();
    const bool one_position = position[0] == position[R - 1];
    for (Index t = 0; t < p_.taps.count(); ++t) {
      const int* read = p_.taps.read.data() + t * pixels;
      if (one_position)
        append_step(steps, t, image, read[position[0]]);
      else
        append_step(steps, t, image, position, read);
    }
    tile.last_step = steps.size();
    return tile;
  }

  /// A tap of a tile whose rows are one position of R images: all read pixel `pixel`, or none does.
  void append_step(std::vector<Step>& steps, Index tap, const T* const (&image)[R],
                   int pixel) const {
    if (pixel < 0) return;
    Step& step = steps.emplace_back();
    step.tap = tap;
    for (int i = 0; i < R; ++i) step.read[i] = image[i] + pixel * p_.read.pitch;
  }

  /// A tap of any tile: rows that miss read zeros.
  void append_step(std::vector<Step>& steps, Index tap, const T* const (&image)[R],
                   const Index (&position)[R], const int* read) const {
    Step step{{}, tap};
    bool any = false;
    for (int i = 0; i < R; ++i) {
      const int pixel = position[i] < 0 ? -1 : read[position[i]];
      step.read[i] = pixel < 0 ? zeros_.template data<T>() : image[i] + pixel * p_.read.pitch;
      any |= pixel >= 0;
    }
    if (any) steps.push_back(step);
  }

  /// written[·][column…] (+)= Σ over steps and `depth` channels from `channel` on.
  [[gnu::noinline]] static void run_tile(const Plan& plan, const Step* steps, const T* weights,
                                         Index channel, Index depth, Index column, Index columns,
                                         bool add) {
    Tile<T, R, V> tile;
    auto row = [&](int i) { return plan.written[i] + column; };
    tile.clear();
    if (add) tile.add_rows(row, columns);
    for (Index s = plan.first_step; s < plan.last_step; ++s) {
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
  Index block_depth_;
  PackedWeights<T, width> weights_;
  Tensor zeros_;
};

}  // namespace

template <class T>
void multiply(const TapProduct<T>& product, Backend& scratch) {
  switch (choose_vectors<T>(product.columns)) {
    case 1: return TiledProduct<T, 1>(product, scratch).run();
    case 2: return TiledProduct<T, 2>(product, scratch).run();
    case 3: return TiledProduct<T, std::min(3, max_vectors)>(product, scratch).run();
    default: return TiledProduct<T, max_vectors>(product, scratch).run();
  }
}

template void multiply(const TapProduct<float>&, Backend&);
template void multiply(const TapProduct<double>&, Backend&);

}  // namespace robmask::ROBMASK_ISA
