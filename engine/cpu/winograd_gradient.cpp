// The weight gradient: dw = Gᵀ [ Σ over squares of (Bᵀ d B) ⊙ (A dy Aᵀ) ] G, with d the 6×6 inputs
// of a square and dy the gradient of its 4×4 outputs.

#include "engine/cpu/winograd.h"
#include "engine/cpu/winograd_squares.h"
#include "engine/threads.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// 36 matrix products that sum over squares, of which blocks are transformed one after the other:
/// sums[point] += pixels[point]ᵀ · gradients[point], R channels of x × V vectors of channels of dy
/// at a time. Blocks and the order within do not depend on the number of threads. Where all squares
/// fit one block, the sums of some columns become weights before those of the next are begun.
template <int V>
class WinogradGradient {
 public:
  WinogradGradient(const Sink& dw, const Tensor& dy, const Tensor& x, Index pad, Backend& scratch)
      : dw_(dw),
        depth_(x.shape().c),
        columns_(dy.shape().c),
        panels_(ceil_div(columns_, width)),
        depth_tiles_(ceil_div(depth_, R)),
        x_(x),
        dy_(dy),
        inputs_(x.shape(), pad, dy.shape()),
        outputs_(dy.shape(), 0, dy.shape()),
        block_(std::clamp<Index>(outputs_.count(), 1, most_squares)),
        together_(block_ < outputs_.count() ? panels_ : std::max<Index>(1, some_columns / width)),
        pixels_(scratch, points, block_, round_up(depth_tiles_ * R, n) + n),
        gradients_(scratch, points, panels_ * block_, width),
        sums_(scratch, points, std::min(together_, panels_) * depth_tiles_ * R, width),
        zeros_(scratch, {1, 1, 1, std::max(depth_, columns_)}, DType::f32) {
    scratch.fill(zeros_, 0);
    scratch.fill(pixels_.buffer, 0);  // the last tile reads beyond the channels there are
  }

  void run() const {
    for (Index first = 0; first < outputs_.count(); first += block_) {
      const Index count = std::min(block_, outputs_.count() - first);
      // V = Bᵀ d B and A dy Aᵀ
      parallel_for(count, [&](Index i) { read_square(first + i, i); });
      for (Index j = 0; j < panels_; j += together_) {
        const Index panels = std::min(together_, panels_ - j);
        // dU = Σ over squares of V ⊙ (A dy Aᵀ): a matrix product at each point
        parallel_for(points * panels * depth_tiles_, [&](Index i) {
          const Index panel = i / depth_tiles_, tile = i % depth_tiles_;
          sum_tile(panel / panels, j + panel % panels, tile * R, count, first > 0);
        });
        // dw = Gᵀ dU G
        if (first + count == outputs_.count())
          parallel_for(depth_, [&](Index k) { write_weights(k, j, panels); });
      }
    }
  }

 private:
  static constexpr int R = tile_rows(V), n = lanes<float>, width = V * n;
  /// So many that a pass over the sums pays, so few that their transforms stay in a cache.
  static constexpr Index most_squares = 256;
  /// Whose sums stay in a cache.
  static constexpr Index some_columns = 128;

  [[gnu::noinline]] void read_square(Index square, Index row) const {
    transform_pixels<inputs>(
        inputs_.pointers(square, x_, zeros_.data<float>()), depth_, pixels_.matrix,
        [](auto&... d) { transform_inputs(d...); },
        [&](Index k) { return pixels_.at(0, row) + k; });
    transform_pixels<outputs>(
        outputs_.pointers(square, dy_, zeros_.data<float>()), columns_, gradients_.matrix,
        [](auto&... d) { transform_output_gradients(d...); },
        [&](Index k) { return gradients_.at(0, k / width * block_ + row) + k % width; });
  }

  [[gnu::noinline]] void sum_tile(Index point, Index j, Index first, Index count, bool add) const {
    const float* x = pixels_.at(point, 0) + first;
    const float* dy = gradients_.at(point, j * block_);
    Tile<float, R, V> tile;
    tile.clear();
    for (Index square = 0; square < count; ++square, x += pixels_.pitch, dy += width)
      tile.step([&](auto i) { return x[i]; }, dy);
    float* const sums = sums_.at(point, row_of(j, first));
    const auto row = [&](int i) { return sums + i * sums_.pitch; };
    if (add) tile.add_rows(row, width);
    tile.store_rows(row, width);
  }

  /// Of the sums from channel k to the columns of panel j.
  Index row_of(Index j, Index k) const { return j % together_ * depth_tiles_ * R + k; }

  /// The nine weights from channel k to the columns of some panels.
  [[gnu::noinline]] void write_weights(Index k, Index first_panel, Index panels) const {
    const Index pitch = dw_.to.pitch();
    float* const to = dw_.to.data<float>() + k * pitch;
    const Index end = std::min(columns_, (first_panel + panels) * width);
    for (Index column = first_panel * width; column < end; column += n) {
      const float* const from = sums_.at(0, row_of(column / width, k)) + column % width;
      transform_square<inputs, 3>(
          [&](int i, int j) { return load(from + (i * inputs + j) * sums_.matrix); },
          [](auto&... u) { transform_weight_sums(u...); },
          [&](int kh, int kw, Floats sum) {
            float* const at = to + (3 * kh + kw) * depth_ * pitch + column;
            if (dw_.add) sum += load_some(at, columns_ - column);
            store_some(at, sum, columns_ - column);
          });
    }
  }

  Sink dw_;
  Index depth_, columns_, panels_, depth_tiles_;
  PixelView<float> x_, dy_;
  Squares<inputs> inputs_;
  Squares<outputs> outputs_;
  Index block_, together_;  // squares that are transformed, and panels that are summed, at a time
  PointMatrices pixels_, gradients_, sums_;
  Tensor zeros_;
};

}  // namespace

bool winograd_gradient_pays(const Shape& dy, const Shape& x, const Window& window) {
  constexpr Index enough_squares = 32;
  return winograd_pays(dy, x, window) && dy.n * squares_in(dy) >= enough_squares;
}

void weight_gradient_winograd(const Sink& dw, const Tensor& dy, const Tensor& x,
                              const Window& window, Backend& scratch) {
  const Index depth = x.shape().c / window.groups, columns = dy.shape().c / window.groups;
  with_vectors<float>(columns, [&]<int V>() {
    for (Index group = 0; group < window.groups; ++group) {
      const Sink to{dw.to.channels(group * columns, columns), dw.add};
      WinogradGradient<V>(to, dy.channels(group * columns, columns),
                          x.channels(group * depth, depth), window.pad, scratch)
          .run();
    }
  });
}

}  // namespace robmask::ROBMASK_ISA
