#include "data/crops.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace robmask {
namespace {

constexpr int tries = 10;
constexpr double smallest_area = 0.08;
constexpr double narrowest = 3.0 / 4.0, widest = 4.0 / 3.0;

/// Elements of the stream: four to a try (area, ratio, top, left), then the flip.
constexpr std::uint32_t draws_per_try = 4, flip_draw = tries * draws_per_try;

double between(double low, double high, const Stream& stream, std::uint32_t draw) {
  return low + (high - low) * random_uniform<double>(stream, draw);
}

/// Python's round(): halves go to the even neighbour.
Index round_to_even(double x) { return static_cast<Index>(std::nearbyint(x)); }

Box central_box(Index height, Index width) {
  const double ratio = static_cast<double>(width) / static_cast<double>(height);
  Box box{0, 0, height, width};
  if (ratio < narrowest) box.height = round_to_even(static_cast<double>(width) / narrowest);
  if (ratio > widest) box.width = round_to_even(static_cast<double>(height) * widest);
  box.top = (height - box.height) / 2;
  box.left = (width - box.width) / 2;
  return box;
}

void mirror(Image& image) {
  for (Index y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.pixels.data() + y * image.width * 3;
    for (Index left = 0, right = image.width - 1; left < right; ++left, --right) {
      std::swap_ranges(row + left * 3, row + left * 3 + 3, row + right * 3);
    }
  }
}

}  // namespace

Box random_resized_box(Index height, Index width, const Stream& stream) {
  const auto area = static_cast<double>(height * width);
  for (std::uint32_t first = 0; first < flip_draw; first += draws_per_try) {
    const double target = area * between(smallest_area, 1, stream, first);
    const double ratio =
        std::exp(between(std::log(narrowest), std::log(widest), stream, first + 1));
    const Index w = round_to_even(std::sqrt(target * ratio));
    const Index h = round_to_even(std::sqrt(target / ratio));
    if (w <= 0 || w > width || h <= 0 || h > height) continue;
    const auto below = [&](std::uint32_t draw, Index n) {
      return static_cast<Index>(random_below(stream, draw, static_cast<std::uint64_t>(n)));
    };
    return {below(first + 2, height - h + 1), below(first + 3, width - w + 1), h, w};
  }
  return central_box(height, width);
}

Image train_view(const Image& image, Index side, const Stream& stream) {
  const Box box = random_resized_box(image.height, image.width, stream);
  Image view = resize(crop(image, box), side, side);
  if (random_uniform<double>(stream, flip_draw) < 0.5) mirror(view);
  return view;
}

namespace {

/// The shorter side resized to `shorter`, then the central side × side.
Image central_view(const Image& image, Index shorter, Index side) {
  const bool tall = image.height > image.width;
  const Index longer =
      tall ? shorter * image.height / image.width : shorter * image.width / image.height;
  const Index height = tall ? longer : shorter, width = tall ? shorter : longer;
  const Box centre{round_to_even(static_cast<double>(height - side) / 2),
                   round_to_even(static_cast<double>(width - side) / 2), side, side};
  return resize(image, height, width, centre);
}

Index enlarged(Index side) { return side * 8 / 7; }

}  // namespace

Image test_view(const Image& image, Index side) {
  return central_view(image, enlarged(side), side);
}

Image fitted(const Image& image, Index side) { return central_view(image, side, side); }

Index shorter_side(Index side) { return side <= largest_whole_side ? side : enlarged(side); }

Image shown(const Image& image, Index side) {
  return central_view(image, shorter_side(side), side);
}

}  // namespace robmask
