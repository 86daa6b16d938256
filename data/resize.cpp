#include "data/resize.h"

#include <algorithm>
#include <cmath>

namespace robmask {
namespace {

constexpr Index rgb = 3;
constexpr int fraction_bits = 22;  // 32 − 8 bits of pixel − 2 of headroom

/// The source pixels behind one target pixel, and their weights in fixed point.
struct Taps {
  Index first = 0;
  std::vector<std::int32_t> weights;
};

/// Target x covers the source around (x + ½)·scale with weights max(0, 1 − |distance| / reach),
/// where scale = from / to and reach = max(1, scale); of `count` targets from `begin` on.
std::vector<Taps> triangle_taps(Index from, Index to, Index begin, Index count) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double reach = std::max(1.0, scale);
  std::vector<Taps> taps(static_cast<std::size_t>(count));
  std::vector<double> weights;
  for (Index x = begin; x < begin + count; ++x) {
    const double centre = (static_cast<double>(x) + 0.5) * scale;
    const Index first = std::max(Index{0}, static_cast<Index>(centre - reach + 0.5));
    const Index last = std::min(from, static_cast<Index>(centre + reach + 0.5));
    weights.clear();
    double total = 0;
    for (Index i = first; i < last; ++i) {
      const double distance = (static_cast<double>(i) - centre + 0.5) * (1.0 / reach);
      weights.push_back(std::max(0.0, 1.0 - std::abs(distance)));
      total += weights.back();
    }
    Taps& t = taps[static_cast<std::size_t>(x - begin)];
    t.first = first;
    for (const double w : weights) {
      t.weights.push_back(static_cast<std::int32_t>(0.5 + w / total * (1 << fraction_bits)));
    }
  }
  return taps;
}

/// Σ weights · pixels with `stride` bytes between pixels, rounded and clamped.
std::uint8_t blend(const Taps& taps, const std::uint8_t* pixels, Index stride) {
  std::int32_t sum = 1 << (fraction_bits - 1);
  for (const std::int32_t w : taps.weights) {
    sum += w * *pixels;
    pixels += stride;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> fraction_bits, 0, 255));
}

Image resize_columns(const Image& image, Index width, const Box& part) {
  Image out{image.height, part.width, {}};
  out.pixels.resize(static_cast<std::size_t>(out.height * out.width * rgb));
  const auto taps = triangle_taps(image.width, width, part.left, part.width);
  auto to = out.pixels.begin();
  for (Index y = 0; y < image.height; ++y) {
    const std::uint8_t* row = image.pixels.data() + y * image.width * rgb;
    for (const Taps& t : taps) {
      for (Index c = 0; c < rgb; ++c) *to++ = blend(t, row + t.first * rgb + c, rgb);
    }
  }
  return out;
}

Image resize_rows(const Image& image, Index height, const Box& part) {
  Image out{part.height, image.width, {}};
  const Index row_bytes = image.width * rgb;
  out.pixels.resize(static_cast<std::size_t>(out.height * row_bytes));
  auto to = out.pixels.begin();
  for (const Taps& t : triangle_taps(image.height, height, part.top, part.height)) {
    const std::uint8_t* rows = image.pixels.data() + t.first * row_bytes;
    for (Index i = 0; i < row_bytes; ++i) *to++ = blend(t, rows + i, row_bytes);
  }
  return out;
}

}  // namespace

Image crop(const Image& image, const Box& box) {
  Image out{box.height, box.width, {}};
  out.pixels.resize(static_cast<std::size_t>(box.height * box.width * rgb));
  for (Index y = 0; y < box.height; ++y) {
    std::copy_n(image.pixels.begin() + ((box.top + y) * image.width + box.left) * rgb,
                box.width * rgb, out.pixels.begin() + y * box.width * rgb);
  }
  return out;
}

Image resize(const Image& image, Index height, Index width) {
  return resize(image, height, width, {0, 0, height, width});
}

Image resize(const Image& image, Index height, Index width, const Box& part) {
  return resize_rows(resize_columns(image, width, part), height, part);
}

}  // namespace robmask
