// The forward pass and the input gradient.

#include "engine/cpu/winograd.h"

#include "engine/cpu/packed_weights.h"
#include "engine/cpu/winograd_squares.h"
#include "engine/threads.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// Squares of 4×4 written pixels, the rows of 36 matrix products, one for each point of the
/// transform: sums[point] = pixels[point] · weights[point], V vectors of columns at a time.
template <int V>
class WinogradProduct {
 public:
  WinogradProduct(const Correlation& correlation, Backend& scratch)
      : add_(correlation.add),
        depth_(correlation.read.shape().c),
        columns_(correlation.written.shape().c),
        panels_(ceil_div(columns_, width)),
        written_(correlation.written, 0, correlation.written.shape()),
        read_(correlation.read, correlation.pad, correlation.written.shape()),
        block_(block_of(round_up(depth_, n) + panels_ * width, written_.count())),
        weights_(scratch, points, panels_ * depth_, width),
        pixels_(scratch, thread_count() * points, block_, round_up(depth_, n)),
        sums_(scratch, thread_count() * points, block_, panels_ * width),
        zeros_(scratch, {1, 1, 1, depth_}, DType::f32) {
    scratch.fill(zeros_, 0);
    const Index blocks = ceil_div(depth_, n);
    parallel_for(panels_ * blocks,
                 [&](Index i) { prepare_weights(correlation.weight, i / blocks, i % blocks * n); });
  }

  void run() const {
    parallel_for(ceil_div(written_.count(), block_), [&](Index block, int thread) {
      const Index first = block * block_, count = std::min(block_, written_.count() - first);
      const Index slot = thread * points;
      // V = Bᵀ d B
      for (Index i = 0; i < count; ++i) read_square(first + i, pixels_.at(slot, i));
      // M = Σ over channels of V ⊙ U: a matrix product at each point
      for (int point = 0; point < points; ++point) multiply(point, slot + point, count);
      // Y = Aᵀ M A
      for (Index i = 0; i < count; ++i) write_square(first + i, sums_.at(slot, i));
    });
  }

 private:
  static constexpr int R = tile_rows(V), n = lanes<float>, width = V * n;

  /// Squares whose transforms stay in the second-level cache, at least enough to pay for reading
  /// the weights, at most what leaves every thread its share.
  static Index block_of(Index channels, Index all) {
    constexpr Index cached = 1 << 16, few = 48;
    const Index fitting = cached / (points * channels);
    const Index share = std::max<Index>(1, ceil_div(all, thread_count()));
    return std::min(std::max(fitting, few), share);
  }

  /// U = G g Gᵀ of the weights from the channels of a block, beginning with `first`, to the columns
  /// of panel j.
  void prepare_weights(const WeightView<float>& weight, Index j, Index first) const {
    alignas(vector_bytes) float taps[9][n][width];
    const float* const from = weight.data + first * weight.depth + j * width * weight.column;
    const Index depth = std::min<Index>(n, depth_ - first);
    for (int tap = 0; tap < 9; ++tap)
      pack_rows<width>(weight, from + tap * weight.tap, depth,
                       std::min<Index>(width, columns_ - j * width),
                       [&](Index k) { return taps[tap][k]; });
    for (Index k = 0; k < depth; ++k)
      for (Index v = 0; v < width; v += n) {
        float* const to = weights_.at(0, j * depth_ + first + k) + v;
        transform_square<3, inputs>(
            [&](int kh, int kw) { return load(taps[3 * kh + kw][k] + v); },
            [](auto&... g) { transform_weights(g...); },
            [&](int i, int m, Floats u) { store(to + (i * inputs + m) * weights_.matrix, u); });
      }
  }

  /// V = Bᵀ d B, d the square's 6×6 inputs.
  [[gnu::noinline]] void read_square(Index square, float* to) const {
    transform_pixels<inputs>(
        read_.pixels(square, zeros_.data<float>()), depth_, pixels_.matrix,
        [](auto&... d) { transform_inputs(d...); }, [&](Index k) { return to + k; });
  }

  /// M of one point, for `count` squares; `slot` is this thread's matrix.
  void multiply(int point, Index slot, Index count) const {
    for (Index j = 0; j < panels_; ++j)
      for (Index first = 0; first < count; first += R)
        run_tile(weights_.at(point, j * depth_), pixels_.at(slot, first),
                 sums_.at(slot, first) + j * width, std::min<Index>(R, count - first));
  }

  /// Up to R rows; the last one stands in for those that are missing.
  [[gnu::noinline]] void run_tile(const float* weights, const float* pixels, float* sums,
                                  Index rows) const {
    const float* from[R];
    for (int i = 0; i < R; ++i) from[i] = pixels + std::min<Index>(i, rows - 1) * pixels_.pitch;
    Tile<float, R, V> tile;
    tile.clear();
    for (Index k = 0; k < depth_; ++k)
      tile.step([&](auto i) { return from[i][k]; }, weights + k * width);
    tile.store_rows([&](int i) { return sums + std::min<Index>(i, rows - 1) * sums_.pitch; },
                    width);
  }

  /// Y = Aᵀ M A, the square's 4×4 outputs; those beyond the map are dropped.
  [[gnu::noinline]] void write_square(Index square, const float* from) const {
    const auto pixels = written_.pixels(square, nullptr);
    for (Index k = 0; k < columns_; k += n)
      transform_square<inputs, outputs>(
          [&](int i, int j) { return load(from + (i * inputs + j) * sums_.matrix + k); },
          [](auto&... m) { transform_products(m...); },
          [&](int i, int j, Floats sum) {
            if (pixels.at[i][j] != nullptr)
              write_some(pixels.at[i][j] + k, sum, columns_ - k, add_);
          });
  }

  bool add_;
  Index depth_, columns_, panels_;
  Squares<outputs> written_;
  Squares<inputs> read_;
  Index block_;  // squares that a thread takes at a time
  PointMatrices weights_, pixels_, sums_;
  Tensor zeros_;
};

}  // namespace

bool winograd_pays(const Shape& y, const Shape& x, const Window& window) {
  if (window.kernel != 3 || window.stride != 1 || window.groups != 1) return false;
  // Transforms cost as much for few channels as for many; squares should be three quarters full.
  return std::min(y.c, x.c) >= 16 && 4 * y.pixels() >= 3 * outputs * outputs * squares_in(y);
}

void correlate_winograd(const Correlation& correlation, Backend& scratch) {
  with_vectors<float>(correlation.written.shape().c,
                      [&]<int V>() { WinogradProduct<V>(correlation, scratch).run(); });
}

}  // namespace robmask::ROBMASK_ISA
