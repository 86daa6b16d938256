// Figures of docs/course/1-tensor.md.

#include <fmt/format.h>

#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"

namespace robmask::course {

namespace {

/// An image of 2 rows, 3 columns and 3 channels, and the same numbers in memory.
void draw_place(const Folder& to) {
  constexpr int height = 2, width = 3, channels = 3;
  constexpr double side = 54, left = 32, top = 52, memory = 226, cell = 32;
  constexpr std::string_view tints[] = {colour::orange_tint, colour::green_tint, colour::blue_tint};
  Drawing d(640, 320, "A picture of two rows of three pixels, and where its numbers lie in memory");
  for (int h = 0; h < height; ++h)
    for (int w = 0; w < width; ++w) {
      const int pixel = h * width + w;
      const Point corner{left + w * side, top + h * side};
      for (int c = 0; c < channels; ++c) {
        d.box({corner.x + 9 + c * 12, corner.y + 16}, 12, 22, tints[c], colour::pale);
        d.box({left + (pixel * channels + c) * cell, memory}, cell, 34, tints[c]);
        d.words({left + (pixel * channels + c + 0.5) * cell, memory + 17},
                fmt::format("{}", pixel * channels + c));
      }
      d.line(corner, {corner.x + side, corner.y});
      d.line(corner, {corner.x, corner.y + side});
      d.words({left + (pixel + 0.5) * channels * cell, memory - 14},
              fmt::format("pixel {}, {}", h, w), Align::middle, 12);
    }
  d.line({left, top + height * side}, {left + width * side, top + height * side});
  d.line({left + width * side, top}, {left + width * side, top + height * side});
  d.words({left, top - 24}, "the picture: H = 2, W = 3, C = 3", Align::left);

  d.words({left + width * side + 40, top + 10},
          "image n = 0, row h = 1, column w = 2, channel c = 0:", Align::left);
  d.words({left + width * side + 40, top + 34},
          "((n · H + h) · W + w) · C + c\n= ((0 · 2 + 1) · 3 + 2) · 3 + 0 = 15", Align::left, 15,
          colour::violet, true);
  const Point place{left + 15.5 * cell, memory + 34};
  d.arrow({place.x, place.y + 34}, {place.x, place.y + 4}, colour::violet);
  d.words({place.x, place.y + 46}, "place 15", Align::middle, 14, colour::violet);
  d.words({left, place.y + 46}, "memory", Align::left);
  d.save(to / "place.svg");
}

/// Two pixels of a map with 8 channels, of which a view sees three.
void draw_pitch(const Folder& to) {
  constexpr double side = 36, left = 32, top = 60;
  Drawing d(640, 158, "Two pixels of eight channels in memory; a view of channels 2 to 4");
  for (int i = 0; i < 16; ++i) {
    const bool seen = i % 8 >= 2 && i % 8 < 5;
    d.box({left + i * side, top}, side, side, seen ? colour::blue_tint : colour::white);
    d.words({left + (i + 0.5) * side, top + side / 2}, fmt::format("{}", i % 8));
  }
  d.words({left + 4 * side, top - 36}, "pixel 0");
  d.words({left + 12 * side, top - 36}, "pixel 1");
  d.words({left + 3.5 * side, top - 14}, "the view", Align::middle, 13, colour::blue);
  d.words({left + 11.5 * side, top - 14}, "the view", Align::middle, 13, colour::blue);
  d.line({left + 2 * side, top + side + 8}, {left + 2 * side, top + side + 28}, colour::orange);
  d.arrow({left + 2 * side, top + side + 20}, {left + 10 * side, top + side + 20}, colour::orange);
  d.words({left + 6 * side, top + side + 40}, "pitch = 8, for the map and for the view",
          Align::middle, 14, colour::orange);
  d.save(to / "pitch.svg");
}

}  // namespace

void draw_lesson_1(const Folder& to) {
  draw_place(to);
  draw_pitch(to);
}

}  // namespace robmask::course
