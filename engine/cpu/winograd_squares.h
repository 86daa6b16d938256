#pragma once
// What Winograd's forward pass, input gradient and weight gradient share: maps cut into squares,
// the transform of a square on both axes, and a matrix for each of its 36 points.

#include <vector>

#include "engine/cpu/microkernel.h"
#include "engine/cpu/tap_product.h"
#include "engine/cpu/winograd_transforms.h"

namespace robmask::ROBMASK_ISA {

using Floats = Vector<float>;

/// Pixels on an axis of a square of outputs, and of the inputs that it sees; points in a square.
constexpr int outputs = 4, inputs = 6, points = inputs * inputs;

/// Squares that cover an image of y.
constexpr Index squares_in(const Shape& y) {
  return ceil_div(y.h, outputs) * ceil_div(y.w, outputs);
}

/// A batch of maps of one shape cut into squares of `size`·`size` pixels, numbered image by image.
template <int size>
class Squares {
 public:
  /// The first square begins `pad` pixels before the map, the next ones `outputs` pixels apart;
  /// there are as many as cover a map of the given height and width.
  Squares(const Shape& s, Index pad, const Shape& covered) : in_map_(s.pixels()) {
    for (Index h = -pad; h < covered.h - pad; h += outputs)
      for (Index w = -pad; w < covered.w - pad; w += outputs, ++in_image_)
        for (Index i = h; i < h + size; ++i)
          for (Index j = w; j < w + size; ++j) {
            const bool inside = i >= 0 && i < s.h && j >= 0 && j < s.w;
            places_.push_back(inside ? static_cast<int>(i * s.w + j) : -1);
          }
    count_ = in_image_ * s.n;
  }

  Index count() const { return count_; }

  /// The pixels of a square, row by row, counted over the batch: −1 where none is on the map.
  struct Pixels {
    Index at[size][size];
  };
  Pixels pixels(Index square) const {
    const Index first = square / in_image_ * in_map_;
    const int* place = places_.data() + square % in_image_ * size * size;
    Pixels pixels;
    for (auto& row : pixels.at)
      for (Index& pixel : row) {
        pixel = *place < 0 ? -1 : first + *place;
        ++place;
      }
    return pixels;
  }
  /// Where they begin in such a map; `outside` for those that are not on it.
  struct Pointers {
    const float* at[size][size];
  };
  Pointers pointers(Index square, const PixelView<float>& map, const float* outside) const {
    const Pixels numbers = pixels(square);
    Pointers pointers;
    for (int i = 0; i < size; ++i)
      for (int j = 0; j < size; ++j) {
        const Index pixel = numbers.at[i][j];
        pointers.at[i][j] = pixel < 0 ? outside : map.data + pixel * map.pitch;
      }
    return pointers;
  }

 private:
  Index in_map_, in_image_ = 0, count_ = 0;  // pixels of an image; squares of one, of all
  std::vector<int> places_;                  // of pixels in an image
};

/// A matrix of rows × pitch floats for each point, one behind the other. A vector more than they
/// need lies between them: at a power of two the points of a square would push each other out of
/// the first-level cache.
struct PointMatrices {
  PointMatrices(Backend& scratch, Index count, Index rows, Index pitch)
      : pitch(pitch),
        matrix(rows * pitch + lanes<float>),
        buffer(scratch, {1, 1, count, matrix}, DType::f32),
        data(buffer.data<float>()) {}
  float* at(Index number, Index row) const { return data + number * matrix + row * pitch; }

  Index pitch, matrix;
  Tensor buffer;
  float* data;
};

/// The transform of a square from `given`·`given` to `made`·`made` values: `line` along its columns
/// and then its rows. load_at(i, j) gives the vector of row i and column j, store_at(i, j, value)
/// takes it.
template <int given, int made, class Load, class Line, class Store>
[[gnu::always_inline]] inline void transform_square(Load&& load_at, Line&& line, Store&& store_at) {
  Floats g[inputs][inputs];
  unroll(  // g = Bᵀ d, where `line` is Bᵀ
      [&](auto j) {
        for (int i = 0; i < given; ++i) g[i][j] = load_at(i, j);
        line(g[0][j], g[1][j], g[2][j], g[3][j], g[4][j], g[5][j]);
      },
      std::make_integer_sequence<int, given>{});
  unroll(  // (Bᵀ d) B
      [&](auto i) {
        line(g[i][0], g[i][1], g[i][2], g[i][3], g[i][4], g[i][5]);
        for (int j = 0; j < made; ++j) store_at(i, j, g[i][j]);
      },
      std::make_integer_sequence<int, made>{});
}

/// The points of a square of pixels, all channels: those of channel k, k + 1, … go to to(k), one
/// matrix apart.
template <int size, class Line, class To>
inline void transform_pixels(const typename Squares<size>::Pointers& pixels, Index channels,
                             Index matrix, Line&& line, To&& to) {
  constexpr Index n = lanes<float>;
  const auto transform = [&](Index k, auto&& load_from) {
    float* const point = to(k);
    transform_square<size, inputs>(
        [&](int i, int j) { return load_from(pixels.at[i][j] + k); }, line,
        [&](int i, int j, Floats v) { store(point + (i * inputs + j) * matrix, v); });
  };
  Index k = 0;
  // A lambda, for load<float> itself would be called, a vector at a time
  for (; k + n <= channels; k += n) transform(k, [](const float* p) { return load(p); });
  if (k < channels) transform(k, [&](const float* p) { return load_some(p, channels - k); });
}

}  // namespace robmask::ROBMASK_ISA
