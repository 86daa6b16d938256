#include "engine/cpu/winograd.h"

#include <omp.h>

#include "engine/cpu/microkernel.h"
#include "engine/cpu/packed_weights.h"
#include "engine/cpu/winograd_transforms.h"

namespace robmask::ROBMASK_ISA {

namespace {

using Floats = Vector<float>;
constexpr int n = lanes<float>;

/// A square of outputs, the inputs it sees, and the values there are of each once transformed.
constexpr int outputs = 4, inputs = 6, points = inputs * inputs;

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

constexpr std::make_integer_sequence<int, outputs> each_output{};
constexpr std::make_integer_sequence<int, inputs> each_input{};

/// Squares of 4×4 written pixels, the rows of 36 matrix products, one for each point of the transform:
/// sums[point] = pixels[point] · weights[point], V vectors of columns at a time.
template <int V>
class WinogradProduct {
 public:
  WinogradProduct(const Correlation& correlation, Backend& scratch)
      : add_(correlation.add),
        written_(correlation.written),
        read_(correlation.read),
        depth_(correlation.read.shape().c),
        columns_(correlation.written.shape().c),
        images_(correlation.read.shape().n),
        panels_(ceil_div(columns_, width)),
        squares_(ceil_div(correlation.written.shape().h, outputs) *
                 ceil_div(correlation.written.shape().w, outputs)),
        block_(block_of(ceil_div(depth_, n) * n + panels_ * width, squares_ * images_)),
        weights_(scratch, points, panels_ * depth_, width),
        pixels_(scratch, omp_get_max_threads() * points + 1, block_, ceil_div(depth_, n) * n),
        sums_(scratch, omp_get_max_threads() * points, block_, panels_ * width),
        zeros_(pixels_.at(omp_get_max_threads() * points, 0)),
        plans_(scratch, {1, 1, squares_, points + outputs * outputs}, DType::i32) {
    std::fill_n(zeros_, depth_, 0.f);
    plan(correlation);
#pragma omp parallel for collapse(2) schedule(static)
    for (Index j = 0; j < panels_; ++j)
      for (Index k = 0; k < depth_; k += n) prepare_weights(correlation.weight, j, k);
  }

  void run() const {
    const Index all = squares_ * images_;
#pragma omp parallel for schedule(dynamic)
    for (Index first = 0; first < all; first += block_) {
      const Index count = std::min(block_, all - first), slot = omp_get_thread_num() * points;
      for (Index i = 0; i < count; ++i) read_square(first + i, pixels_.at(slot, i));
      for (int point = 0; point < points; ++point) multiply(point, slot + point, count);
      for (Index i = 0; i < count; ++i) write_square(first + i, sums_.at(slot, i));
    }
  }

 private:
  static constexpr int R = tile_rows(V), width = V * n;

  /// Matrices of floats, one for each point. A vector more than they need lies between them: at a power
  /// of two the points of a square would push each other out of the first-level cache.
  struct Matrices {
    Matrices(Backend& scratch, Index count, Index rows, Index pitch)
        : pitch(pitch),
          matrix(rows * pitch + n),
          buffer(scratch, {1, 1, count, matrix}, DType::f32),
          data(buffer.data<float>()) {}
    float* at(Index point, Index row) const { return data + point * matrix + row * pitch; }

    Index pitch, matrix;
    Tensor buffer;
    float* data;
  };

  /// Squares whose transforms stay in the second-level cache, at least enough to pay for reading the
  /// weights, at most what leaves every thread its share.
  static Index block_of(Index channels, Index all) {
    constexpr Index cached = 1 << 16, few = 48;
    const Index fitting = cached / (points * channels);
    const Index share = std::max<Index>(1, ceil_div(all, omp_get_max_threads()));
    return std::min(std::max(fitting, few), share);
  }

  /// What a square reads and writes, as offsets in elements from the beginning of its image; −1 outside.
  void plan(const Correlation& c) const {
    const Shape written = c.written.shape(), read = c.read.shape();
    auto* at = plans_.data<std::int32_t>();
    for (Index h = 0; h < written.h; h += outputs)
      for (Index w = 0; w < written.w; w += outputs) {
        at = list(at, read, read_.pitch, h - c.pad, w - c.pad, inputs);
        at = list(at, written, written_.pitch, h, w, outputs);
      }
  }

  static std::int32_t* list(std::int32_t* at, const Shape& s, Index pitch, Index h, Index w,
                            int size) {
    for (Index i = h; i < h + size; ++i)
      for (Index j = w; j < w + size; ++j) {
        const bool inside = i >= 0 && i < s.h && j >= 0 && j < s.w;
        *at++ = inside ? static_cast<std::int32_t>((i * s.w + j) * pitch) : -1;
      }
    return at;
  }
  const std::int32_t* plan_of(Index square) const {
    return plans_.data<std::int32_t>() + square % squares_ * plans_.pitch();
  }

  /// Weights from the channels of a block, beginning with `first`, to the columns of panel j.
  void prepare_weights(const WeightView<float>& weight, Index j, Index first) const {
    alignas(vector_bytes) float taps[3][3][n][width];
    const Index depth = std::min<Index>(n, depth_ - first);
    for (int tap = 0; tap < 9; ++tap)
      pack_rows<width>(
          weight, weight.data + tap * weight.tap + first * weight.depth + j * width * weight.column,
          depth, std::min<Index>(width, columns_ - j * width),
          [&](Index k) { return taps[tap / 3][tap % 3][k]; });
    for (Index k = 0; k < depth; ++k)
      for (Index v = 0; v < width; v += n) {
        float* const to = weights_.at(0, j * depth_ + first + k) + v;
        Floats g[inputs][inputs];
        unroll(
            [&](auto i) {
              for (int m = 0; m < 3; ++m) g[m][i] = load(taps[m][i][k] + v);
              transform_weights(g[0][i], g[1][i], g[2][i], g[3][i], g[4][i], g[5][i]);
            },
            std::make_integer_sequence<int, 3>{});
        unroll(
            [&](auto i) {
              transform_weights(g[i][0], g[i][1], g[i][2], g[i][3], g[i][4], g[i][5]);
              for (int m = 0; m < inputs; ++m)
                store(to + (i * inputs + m) * weights_.matrix, g[i][m]);
            },
            each_input);
      }
  }

  [[gnu::noinline]] void read_square(Index square, float* to) const {
    const std::int32_t* offsets = plan_of(square);
    const float* const image = read_.data + square / squares_ * read_.image;
    const float* from[points];
    for (int i = 0; i < points; ++i) from[i] = offsets[i] < 0 ? zeros_ : image + offsets[i];
    const auto transform_with = [&](Index k, auto&& load_from) {
      Floats d[inputs][inputs];
      unroll(
          [&](auto i) {
            for (int m = 0; m < inputs; ++m) d[m][i] = load_from(from[m * inputs + i] + k);
            transform_inputs(d[0][i], d[1][i], d[2][i], d[3][i], d[4][i], d[5][i]);
          },
          each_input);
      unroll(
          [&](auto i) {
            transform_inputs(d[i][0], d[i][1], d[i][2], d[i][3], d[i][4], d[i][5]);
            for (int m = 0; m < inputs; ++m)
              store(to + (i * inputs + m) * pixels_.matrix + k, d[i][m]);
          },
          each_input);
    };
    Index k = 0;
    for (; k + n <= depth_; k += n) transform_with(k, load<float>);
    if (k < depth_) transform_with(k, [&](const float* p) { return load_some(p, depth_ - k); });
  }

  /// The product of one point, for `count` squares; `slot` is this thread's matrix.
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

  [[gnu::noinline]] void write_square(Index square, const float* from) const {
    const std::int32_t* offsets = plan_of(square) + points;
    float* const image = written_.data + square / squares_ * written_.image;
    for (Index k = 0; k < columns_; k += n) {
      const Index columns = std::min<Index>(n, columns_ - k);
      Floats m[inputs][inputs];
      unroll(
          [&](auto i) {
            for (int j = 0; j < inputs; ++j)
              m[j][i] = load(from + (j * inputs + i) * sums_.matrix + k);
            transform_products(m[0][i], m[1][i], m[2][i], m[3][i], m[4][i], m[5][i]);
          },
          each_input);
      unroll(
          [&](auto i) {
            transform_products(m[i][0], m[i][1], m[i][2], m[i][3], m[i][4], m[i][5]);
            for (int j = 0; j < outputs; ++j)
              if (const std::int32_t offset = offsets[i * outputs + j]; offset >= 0)
                write(image + offset + k, m[i][j], columns);
          },
          each_output);
    }
  }

  [[gnu::always_inline]] void write(float* to, Floats sum, Index columns) const {
    if (columns == n) return store(to, add_ ? load(to) + sum : sum);
    if (add_) sum += load_some(to, columns);
    std::copy_n(reinterpret_cast<const float*>(&sum), columns, to);
  }

  /// The first `count` elements of a vector, and zeros.
  static Floats load_some(const float* from, Index count) {
    Floats v{};
    std::copy_n(from, count, reinterpret_cast<float*>(&v));
    return v;
  }

  bool add_;
  PixelView<float> written_, read_;
  Index depth_, columns_, images_, panels_;
  Index squares_;  // of an image
  Index block_;    // squares that a thread takes at a time
  Matrices weights_, pixels_, sums_;
  float* zeros_;  // behind the pixels
  Tensor plans_;
};

}  // namespace

bool winograd_pays(const Shape& written, const Shape& read, const Window& window) {
  if (window.kernel != 3 || window.stride != 1 || window.groups != 1) return false;
  // Transforms cost as much for few channels as for many; squares should be three quarters full.
  const Index squares = ceil_div(written.h, outputs) * ceil_div(written.w, outputs);
  return std::min(written.c, read.c) >= 16 && 4 * written.pixels() >= 3 * 16 * squares;
}

void multiply_winograd(const Correlation& correlation, Backend& scratch) {
  switch (choose_vectors<float>(correlation.written.shape().c)) {
    case 1: return WinogradProduct<1>(correlation, scratch).run();
    case 2: return WinogradProduct<2>(correlation, scratch).run();
    case 3: return WinogradProduct<std::min(3, max_vectors)>(correlation, scratch).run();
    default: return WinogradProduct<max_vectors>(correlation, scratch).run();
  }
}

}  // namespace robmask::ROBMASK_ISA
