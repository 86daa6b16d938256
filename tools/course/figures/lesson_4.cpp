// Figures of docs/course/4-mask.md.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/ops.h"
#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"

namespace robmask::course {

namespace {

/// `masks` at strength p on `map`, by the map's own statistics.
std::vector<double> masked(const Variable& map, const MaskState& masks, double p) {
  Segment segment;
  segment.images = map.shape().n;
  segment.mode = Mode::frozen;
  segment.code = make_tensor(map.machine(), {1, 1, 1, 2}, std::vector<double>{1 - p, p});
  return mask(map, masks, {{segment}}).value().to_doubles();
}

/// Two masks over two channels: the second magnifies one and blocks the other.
MaskState two_masks(Backend& cpu) {
  MaskState masks;
  masks.weight = Variable(make_tensor(cpu, {2, 1, 1, 2}, std::vector<double>{1, 1, 2, 0.5}));
  masks.bias = Variable(make_tensor(cpu, {2, 1, 1, 2}, std::vector<double>{0, 0, 0.5, -1.5}));
  return masks;
}

/// The two masks as lenses of strength p, for channels of mean 5 and variance 4.
void draw_lens(const Folder& to) {
  Backend& cpu = backend("cpu");
  const MaskState masks = two_masks(cpu);
  const auto pair = [&](double value) {
    return make_tensor(cpu, {1, 1, 1, 2}, std::vector<double>{value, value});
  };
  Drawing d(680, 330, "z as a function of x behind two channels' masks, for p = 0, 0.5 and 1");
  for (int channel = 0; channel < 2; ++channel) {
    const Axes axes({56 + 330.0 * channel, 270}, 230, 186, {1, 10}, {0, 5});
    axes.draw(d, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "x", {0, 1, 2, 3, 4, 5}, "z");
    d.words({axes.at(5.5, 5).x, 30}, channel == 0 ? "channel 0: magnified" : "channel 1: blocked",
            Align::middle, 15, colour::ink, true);
    const std::string_view colours[] = {colour::blue, colour::violet, colour::orange};
    for (int step = 0; step < 3; ++step) {
      const double p = step / 2.0;
      const Lens lens{pair(0), pair(0), pair(0), pair(0)};
      cpu.make_lens(lens, {.code = make_tensor(cpu, {1, 1, 1, 2}, std::vector<double>{1 - p, p}),
                           .weight = masks.weight.value(),
                           .bias = masks.bias.value(),
                           .mean = pair(5),
                           .variance = pair(4)});
      const double scale = lens.scale.to_doubles()[channel];
      const double shift = lens.shift.to_doubles()[channel];
      const double start = std::clamp(-shift / scale, 1.0, 10.0);  // where z begins to be positive
      const double end = std::min(10.0, (5 - shift) / scale), last = scale * end + shift;
      d.curve({axes.at(1, 0), axes.at(start, 0), axes.at(end, std::max(last, 0.0))}, colours[step]);
      d.words(last > 4.9 ? Point{axes.at(end, 5).x, axes.at(end, 5).y - 10}
                         : Point{axes.at(10, 0).x + 6, axes.at(10, std::max(last, 0.0)).y},
              fmt::format("p = {:g}", p), last > 4.9 ? Align::middle : Align::left, 12,
              colours[step]);
    }
    for (const double x : {2, 4, 5, 7, 9}) d.dot(axes.at(x, 0));
  }
  d.save(to / "lens.svg");
}

/// A large bright shape and a faint texture, found by a channel each, behind a mask of strength p.
void draw_masked(const Folder& to) {
  constexpr int size = 12;
  Backend& cpu = backend("cpu");
  std::vector<double> image;
  for (int row = 0; row < size; ++row)
    for (int column = 0; column < size; ++column) {
      const bool shape = std::hypot(row - 4.5, column - 4.5) < 3.6;
      const bool texture = column > 5 && row > 4 && (row + column) % 2 == 0;
      image.push_back(0.2 + (shape ? 0.5 : 0) + (texture ? 0.15 : 0));
    }
  // channel 0: the mean of the window; channel 1: a pixel beside its four neighbours
  const double mean = 1.0 / 9;
  const std::vector<double> windows = {mean, 0,    mean, -.25, mean, 0,    mean, -.25, mean,
                                       1,    mean, -.25, mean, 0,    mean, -.25, mean, 0};
  const Variable x(make_tensor(cpu, {1, size, size, 1}, image));
  const Variable w(make_tensor(cpu, {3, 3, 1, 2}, windows));
  const Variable map = conv2d(x, w, {.kernel = 3, .stride = 1, .pad = 1});
  const MaskState masks = two_masks(cpu);

  constexpr double cell = 9, side = size * cell, gap = 20, left = 108, top = 62;
  Drawing d(108 + 4 * (side + gap) + 18, 320,
            "Two feature maps of one image, masked for p = 0, ½, 1");
  const auto draw = [&](Point corner, const std::vector<double>& values, int channel, int channels,
                        double largest) {
    for (int i = 0; i < size * size; ++i) {
      const double share = std::clamp(values[i * channels + channel] / largest, 0.0, 1.0);
      const int grey = static_cast<int>(std::lround(255 * share));
      const std::string shade = fmt::format("#{0:02x}{0:02x}{0:02x}", grey);
      d.box({corner.x + i % size * cell, corner.y + i / size * cell}, cell, cell, shade, shade);
    }
  };
  draw({18, top + (side + gap) / 2}, image, 0, 1, 1);
  d.words({18 + side / 2, top + (side + gap) / 2 - 20}, "image");
  const double first = left + 52;
  for (int step = 0; step < 3; ++step) {
    const double p = step / 2.0, column = first + step * (side + gap);
    const std::vector<double> z = masked(map, masks, p);
    d.words({column + side / 2, top - 24}, fmt::format("p = {}", p));
    for (int channel = 0; channel < 2; ++channel)
      draw({column, top + channel * (side + gap)}, z, channel, 2, 4);
  }
  const double right = first + 3 * (side + gap);
  d.words({right, top + side / 2 - 9}, "shape:\nmagnified", Align::left);
  d.words({right, top + side * 1.5 + gap - 9}, "texture:\nblocked", Align::left);
  d.save(to / "masked.svg");
}

}  // namespace

void draw_lesson_4(const Folder& to) {
  draw_lens(to);
  draw_masked(to);
}

}  // namespace robmask::course
