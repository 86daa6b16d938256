// The forward pass and the input gradient.

#include "engine/cpu/winograd.h"

#include "engine/cpu/packed_weights.h"
#include "engine/cpu/winograd_squares.h"
#include "engine/threads.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Squares of 4×4 written pixels, the rows of 36 matrix products, one for each point of the
/// transform: sums[point] = pixels[point] · weights[point], V vectors of columns at a time. Of one
/// group.
///
/// Of the transformed pixels and weights one is kept and the other one comes along: a thread takes
/// some squares through all three stages past all weights, or, where these are the more, some
/// columns: their weights are transformed when they are needed, and never all in memory. A sum is
/// the same chain either way.
template <int V>
class WinogradProduct {
 public:
  WinogradProduct(const Correlation& correlation, Index group, Backend& scratch)
      : written_(correlation.written),
        depth_(correlation.read.shape().c / correlation.groups),
        columns_(correlation.shape.c / correlation.groups),
        first_column_(group * columns_),
        read_(correlation.read.channels(group * depth_, depth_)),
        weight_(correlation.weight),
        panels_(ceil_div(columns_, width)),
        outputs_(correlation.shape, 0, correlation.shape),
        inputs_(correlation.read.shape(), correlation.pad, correlation.shape),
        count_(outputs_.count()),
        zeros_(scratch, {1, 1, 1, depth_}, DType::f32),
        scratch_(scratch) {
    weight_.data += group * weight_.group;
    scratch.fill(zeros_, 0);
  }

  void run() const { count_ < columns_ ? run_by_columns() : run_by_squares(); }

 private:
  static constexpr int R = tile_rows(V), n = lanes<float>, width = V * n;

  void run_by_squares() const {
    const Index block = block_of(round_up(depth_, n) + panels_ * width, count_);
    const PointMatrices weights(scratch_, points, panels_ * depth_, width),
        pixels(scratch_, thread_count() * points, block, round_up(depth_, n)),
        sums(scratch_, thread_count() * points, block, panels_ * width);
    const Index vectors = ceil_div(depth_, n);
    // U = G g Gᵀ
    parallel_for(panels_ * vectors, [&](Index i) {
      const Index j = i / vectors, k = i % vectors * n;
      prepare_weights(weights, weights.at(0, j * depth_ + k), j, k);
    });
    parallel_for(ceil_div(count_, block), [&](Index number, int thread) {
      const Index first = number * block, count = std::min(block, count_ - first);
      const Index slot = thread * points;
      // V = Bᵀ d B
      for (Index i = 0; i < count; ++i)
        read_square(first + i, pixels, [&](Index k) { return pixels.at(slot, i) + k; });
      // M = Σ over channels of V ⊙ U: a matrix product at each point
      for (Index point = 0; point < points; ++point)
        for (Index j = 0; j < panels_; ++j)
          multiply(weights.at(point, j * depth_), pixels, pixels.at(slot + point, 0), depth_, sums,
                   sums.at(slot + point, 0) + j * width, count, false);
      // Y = Aᵀ M A
      for (Index i = 0; i < count; ++i)
        write_square(first + i, sums, [&](Index k) { return sums.at(slot, i) + k; });
    });
  }

  void run_by_columns() const {
    // Panels that a thread takes, and channels at a time: few enough that their transformed weights
    // stay in the second-level cache, enough to pay for reading and writing the sums.
    constexpr Index together = std::max<Index>(1, 32 / width), block = 48;
    const Index tasks = ceil_div(panels_, together), blocks = ceil_div(depth_, block);
    const PointMatrices weights(scratch_, thread_count() * points, together * block, width),
        pixels(scratch_, blocks * points, count_, block),
        sums(scratch_, tasks * points, count_, together * width);
    // V = Bᵀ d B
    parallel_for(count_, [&](Index i) {
      read_square(i, pixels, [&](Index k) { return pixels.at(k / block * points, i) + k % block; });
    });
    parallel_for(tasks, [&](Index task, int thread) {
      const Index slot = thread * points, first_panel = task * together;
      const Index panels = std::min(together, panels_ - first_panel);
      for (Index b = 0; b < blocks; ++b) {
        const Index depth = std::min(block, depth_ - b * block);
        // U = G g Gᵀ
        for (Index j = 0; j < panels; ++j)
          for (Index k = 0; k < depth; k += n)
            prepare_weights(weights, weights.at(slot, j * block + k), first_panel + j,
                            b * block + k);
        // M += Σ over the block's channels of V ⊙ U
        for (Index point = 0; point < points; ++point)
          for (Index j = 0; j < panels; ++j)
            multiply(weights.at(slot + point, j * block), pixels, pixels.at(b * points + point, 0),
                     depth, sums, sums.at(task * points + point, 0) + j * width, count_, b > 0);
      }
    });
    // Y = Aᵀ M A
    parallel_for(count_, [&](Index i) {
      write_square(i, sums, [&](Index k) {
        return sums.at(k / (together * width) * points, i) + k % (together * width);
      });
    });
  }

  /// Squares whose transforms stay in the second-level cache, at least enough to pay for reading
  /// the weights, at most what leaves every thread its share.
  static Index block_of(Index channels, Index all) {
    constexpr Index cached = 1 << 16, few = 48;
    const Index fitting = cached / (points * channels);
    const Index share = std::max<Index>(1, ceil_div(all, thread_count()));
    return std::min(std::max(fitting, few), share);
  }

  /// U = G g Gᵀ of the weights from a vector of channels, beginning with `first`, to the columns of
  /// panel j: a row a channel.
  [[gnu::noinline]] void prepare_weights(const PointMatrices& weights, float* to, Index j,
                                         Index first) const {
    alignas(vector_bytes) float taps[9][n][width];
    const float* const from = weight_.data + first * weight_.depth + j * width * weight_.column;
    const Index depth = std::min<Index>(n, depth_ - first);
    for (int tap = 0; tap < 9; ++tap)
      pack_rows<width>(weight_, from + tap * weight_.tap, depth,
                       std::min<Index>(width, columns_ - j * width),
                       [&](Index k) { return taps[tap][k]; });
    for (Index k = 0; k < depth; ++k)
      for (Index v = 0; v < width; v += n) {
        float* const row = to + k * width + v;
        transform_square<3, inputs>(
            [&](int kh, int kw) { return load(taps[3 * kh + kw][k] + v); },
            [](auto&... g) { transform_weights(g...); },
            [&](int i, int m, Floats u) { store(row + (i * inputs + m) * weights.matrix, u); });
      }
  }

  /// V = Bᵀ d B, d the square's 6×6 inputs.
  template <class To>
  void read_square(Index square, const PointMatrices& pixels, To&& to) const {
    transform_pixels<inputs>(
        inputs_.pointers(square, read_, zeros_.data<float>()), depth_, pixels.matrix,
        [](auto&... d) { transform_inputs(d...); }, to);
  }

  /// M at a point of `count` squares: sums of `depth` channels, or added to those before.
  [[gnu::noinline]] void multiply(const float* weights, const PointMatrices& pixels,
                                  const float* pixel, Index depth, const PointMatrices& sums,
                                  float* sum, Index count, bool add) const {
    for (; count > R / 2; count -= R, pixel += R * pixels.pitch, sum += R * sums.pitch)
      run_tile<R>(weights, pixels, pixel, depth, sums, sum, count, add);
    if (count > 0) run_tile<R / 2>(weights, pixels, pixel, depth, sums, sum, count, add);
  }

  /// Up to `rows` rows; the last one stands in for those that are missing.
  template <int rows>
  void run_tile(const float* weights, const PointMatrices& pixels, const float* pixel, Index depth,
                const PointMatrices& sums, float* sum, Index count, bool add) const {
    const float* from[rows];
    for (int i = 0; i < rows; ++i) from[i] = pixel + std::min<Index>(i, count - 1) * pixels.pitch;
    const auto row = [&](int i) { return sum + std::min<Index>(i, count - 1) * sums.pitch; };
    Tile<float, rows, V> tile;
    tile.clear();
    if (add) tile.add_rows(row, width);
    for (Index k = 0; k < depth; ++k)
      tile.step([&](auto i) { return from[i][k]; }, weights + k * width);
    tile.store_rows(row, width);
  }

  /// Y = Aᵀ M A, the square's 4×4 outputs; those beyond the map are dropped.
  template <class From>
  void write_square(Index square, const PointMatrices& sums, From&& from) const {
    const auto pixels = outputs_.pixels(square);
    for (Index k = 0; k < columns_; k += n)
      transform_square<inputs, outputs>(
          [&](int i, int j) { return load(from(k) + (i * inputs + j) * sums.matrix); },
          [](auto&... m) { transform_products(m...); },
          [&](int i, int j, Floats sum) {
            const Index pixel = pixels.at[i][j], channel = first_column_ + k;
            if (pixel < 0) return;
            float* const to = written_.to.data + pixel * written_.to.pitch + channel;
            if (written_.add) sum += load_some(to, columns_ - k);
            store_some(to, sum, columns_ - k);
          });
    if (written_.is_plain()) return;
    for (const auto& row : pixels.at)
      for (const Index pixel : row)
        if (pixel >= 0) written_.finish(pixel, first_column_, columns_);
  }

  OutputMap<float> written_;
  Index depth_, columns_, first_column_;
  PixelView<float> read_;
  WeightView<float> weight_;
  Index panels_;
  Squares<outputs> outputs_;
  Squares<inputs> inputs_;
  Index count_;  // squares
  Tensor zeros_;
  Backend& scratch_;
};

}  // namespace

bool winograd_pays(const Shape& y, const Shape& x, const Window& window) {
  if (window.kernel != 3 || window.stride != 1) return false;
  // Transforms cost as much for few channels as for many; squares should be three quarters full.
  return std::min(y.c, x.c) >= 16 * window.groups &&
         4 * y.pixels() >= 3 * outputs * outputs * squares_in(y);
}

void correlate_winograd(const Correlation& correlation, Backend& scratch) {
  with_vectors<float>(correlation.shape.c / correlation.groups, [&]<int V>() {
    for (Index group = 0; group < correlation.groups; ++group)
      WinogradProduct<V>(correlation, group, scratch).run();
  });
}

}  // namespace robmask::ROBMASK_ISA
