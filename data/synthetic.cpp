#include "data/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/subset.h"
#include "engine/random.h"

namespace robmask {
namespace synthetic {
namespace {

constexpr Index channels = 3, image_bytes = side * side * channels;
constexpr Index colours = 5;  // class = colour + 5·(the bar stands upright)

constexpr std::array<std::array<double, 3>, colours> bar_colours{
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {0, 1, 1}}};

/// What each number of an image's stream decides.
enum Draw : std::uint32_t {
  misleads,
  other_class,
  centre_y,
  centre_x,
  length,
  width,
  level,
  slope_y,
  slope_x,
  tint
};

Stream stream_of(std::uint32_t id, std::uint32_t branch) {
  return {.seed = 0, .purpose = Purpose::synthetic, .branch = branch, .image = id};
}

/// Uniform in centre ± reach.
double around(double centre, double reach, const Stream& stream, std::uint32_t draw) {
  return centre + reach * (2 * random_uniform<double>(stream, draw) - 1);
}

/// ±1 with the given period: 1 is constant, 2 is + −, 4 is + + − −.
int square_wave(Index period, Index i) { return i % period < (period + 1) / 2 ? 1 : -1; }

/// How much of a pixel lies inside a stretch of `half` on both sides of the centre.
double coverage(double distance, double half) {
  return std::clamp(half + 0.5 - std::abs(distance), 0.0, 1.0);
}

/// The smooth part of an image: background and bar.
class Scene {
 public:
  explicit Scene(std::uint32_t id) {
    const Stream s = stream_of(id, 0);
    const Index shown = shown_class(id);
    const bool upright = shown >= colours;
    const double middle = (side - 1) / 2.0;
    centre_y_ = around(middle, bar_jitter, s, centre_y);
    centre_x_ = around(middle, bar_jitter, s, centre_x);
    const double along = bar_half_length + 2 * random_uniform<double>(s, length);
    const double across = bar_half_width + 0.8 * random_uniform<double>(s, width);
    half_y_ = upright ? along : across;
    half_x_ = upright ? across : along;
    const double brightness = bar_level * around(1, 0.2, s, level);
    slope_y_ = around(0, background_slope, s, slope_y);
    slope_x_ = around(0, background_slope, s, slope_x);
    for (std::uint32_t c = 0; c < channels; ++c) {
      bar_[c] = brightness * bar_colours[static_cast<std::size_t>(shown % colours)][c];
      base_[c] = around(background, 2, s, tint + c);
    }
  }

  double at(Index y, Index x, std::size_t channel) const {
    const auto dy = static_cast<double>(y), dx = static_cast<double>(x);
    const double slope = slope_y_ * (dy / 15.5 - 1) + slope_x_ * (dx / 15.5 - 1);
    const double inside = coverage(dy - centre_y_, half_y_) * coverage(dx - centre_x_, half_x_);
    return base_[channel] + slope + inside * bar_[channel];
  }

 private:
  double centre_y_, centre_x_, half_y_, half_x_, slope_y_, slope_x_;
  std::array<double, 3> bar_{}, base_{};
};

/// Noise number i of an image: the sum of four random bytes, which is near enough to normal, and
/// the same on every machine.
double noise_at(std::uint32_t id, Index i) {
  constexpr double mean = 4 * 127.5, deviation = 147.8;  // of the sum: √(4·(256² − 1)/12)
  const auto block = random_words(stream_of(id, 1), static_cast<std::uint32_t>(i / 4));
  const std::uint32_t word = block[static_cast<std::size_t>(i % 4)];
  const std::uint32_t sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
  return noise * (sum - mean) / deviation;
}

}  // namespace

Index shown_class(std::uint32_t id) {
  const Stream s = stream_of(id, 0);
  const Index label = id % classes;
  if (random_uniform<double>(s, misleads) >= misleading) return label;
  return (label + 1 + static_cast<Index>(random_below(s, other_class, classes - 1))) % classes;
}

int texture_sign(Index label, Index y, Index x, Index channel) {
  constexpr std::array<std::array<Index, 2>, 5> periods{{{2, 1}, {1, 2}, {2, 2}, {4, 2}, {2, 4}}};
  const auto [period_x, period_y] = periods[static_cast<std::size_t>(label % 5)];
  const int opponent = label >= 5 && channel == 1 ? -1 : 1;  // green against red and blue
  return opponent * square_wave(period_x, x) * square_wave(period_y, y);
}

void draw(std::uint32_t id, std::uint8_t* image) {
  const Scene scene(id);
  for (Index i = 0; i < image_bytes; ++i) {
    const Index c = i % channels, x = i / channels % side, y = i / channels / side;
    const double value = scene.at(y, x, static_cast<std::size_t>(c)) +
                         texture * texture_sign(id % classes, y, x, c) + noise_at(id, i);
    image[i] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
  }
}

}  // namespace synthetic

namespace {

/// Of the images `first` … first + count − 1, those that the options keep.
Split synthetic_split(Index first, Index count, Part part, const DataOptions& options,
                      Dataset& data) {
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < count; ++i)
    labels.push_back(static_cast<std::int32_t>((first + i) % synthetic::classes));
  return resident_images(choose_images(labels, part, options, data), labels, synthetic::side,
                         synthetic::side, [&](Index i, std::uint8_t* image) {
                           synthetic::draw(static_cast<std::uint32_t>(first + i), image);
                         });
}

}  // namespace

Dataset make_synthetic(const DataOptions& options) {
  using namespace synthetic;
  Dataset data;
  data.name = "synthetic";
  for (const char* direction : {"lying", "upright"}) {
    for (const char* colour : {"red", "green", "blue", "yellow", "cyan"}) {
      data.classes.push_back(fmt::format("{}-{}", direction, colour));
    }
  }
  data.normalization = normalizations::cifar10;
  if (options.train) data.train = synthetic_split(0, train_images, Part::train, options, data);
  if (options.test)
    data.test = synthetic_split(train_images, test_images, Part::test, options, data);
  return data;
}

}  // namespace robmask
