// Figures of docs/course/1-tensor.md.

#include <fmt/format.h>

#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"

namespace robmask::course {

/// Memory as a row of cells: two pixels of a map with 8 channels, of which a view sees three.
void draw_lesson_1(const Folder& to) {
  constexpr double side = 36, left = 30, top = 60;
  Drawing d(640, 150, "Two pixels of eight channels in memory; a view of channels 2 to 4");
  for (int i = 0; i < 16; ++i) {
    const bool seen = i % 8 >= 2 && i % 8 < 5;
    d.box({left + i * side, top}, side, side, seen ? colour::blue_tint : colour::white);
    d.words({left + (i + 0.5) * side, top + side / 2}, fmt::format("{}", i % 8));
  }
  d.arrow({left, top + side + 24}, {left + 8 * side, top + side + 24}, colour::orange);
  d.words({left + 4 * side, top + side + 42}, "pitch = 8", Align::middle, 14, colour::orange);
  d.words({left + 4 * side, top - 20}, "pixel 0");
  d.words({left + 12 * side, top - 20}, "pixel 1");
  d.save(to / "pitch.svg");
}

}  // namespace robmask::course
