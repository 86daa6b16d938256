// Figures of docs/course/8-gpu.md.

#include <fmt/format.h>

#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"

namespace robmask::course {

namespace {

/// 150 elements, three blocks of 64; the two warps of a block; the bytes that a warp reads.
void draw_grid(const Folder& to) {
  constexpr double left = 30, scale = 3.4;
  Drawing d(740, 370, "A grid of three blocks over 150 elements, warps, and coalesced reads");
  d.words({left, 26}, "150 elements in memory", Align::left, 14, colour::ink, true);
  d.box({left, 40}, 150 * scale, 24, colour::green_tint, colour::green);
  d.words({left, 94}, "the grid: 3 blocks of 64 threads", Align::left, 14, colour::ink, true);
  for (int block = 0; block < 3; ++block) {
    const double x = left + 64 * scale * block, width = 64 * scale;
    d.box({x, 108}, width, 34, colour::blue_tint, colour::blue);
    d.words({x + width / 2, 125}, fmt::format("block {}", block));
  }
  const double end = left + 150 * scale;
  d.line({end, 40}, {end, 152}, colour::orange, 1.4, true);
  d.words({end + 6, 164}, "42 threads too many: if (i >= count) return", Align::middle, 13,
          colour::orange);

  d.words({left, 200}, "a block: 2 warps of 32 threads, in step", Align::left, 14, colour::ink,
          true);
  for (int warp = 0; warp < 2; ++warp) {
    d.box({left + 330 * warp, 214}, 320, 30, colour::blue_tint, colour::blue);
    for (int t = 1; t < 32; ++t)
      d.line({left + 330 * warp + 10 * t, 214}, {left + 330 * warp + 10 * t, 244}, colour::pale);
  }
  d.words({left, 276}, "what a warp reads", Align::left, 14, colour::ink, true);
  const auto pieces = [&](double x, int count, bool whole, std::string_view text) {
    for (int i = 0; i < count; ++i) {
      const double at = x + 40 * i;
      d.box({at, 290}, 36, 22, colour::white, colour::green);
      d.box({at, 290}, whole ? 36 : 5, 22, colour::green_tint, colour::green);
    }
    d.words({x, 334}, text, Align::left, 13);
  };
  pieces(left, 4, true, "neighbours read neighbours:\n4 pieces of 32 bytes, all used");
  pieces(left + 260, 10, false, "");
  d.words({left + 260 + 404, 301}, "…", Align::left);
  d.words({left + 260, 334}, "neighbours read far apart: 32 pieces,\n4 bytes used of each",
          Align::left, 13);
  d.save(to / "grid.svg");
}

/// Eight partial sums, halves added to halves, with a barrier between.
void draw_tree(const Folder& to) {
  constexpr double left = 40, cell = 78, high = 34, gap = 58;
  Drawing d(760, 300, "Eight partial sums in shared memory, added in halves with barriers between");
  for (int level = 0; level < 4; ++level) {
    const int count = 8 >> level;
    const double y = 40 + level * (high + gap - 24);
    for (int i = 0; i < count; ++i) {
      d.box({left + i * cell, y}, cell - 6, high,
            level == 3 ? colour::green_tint : colour::blue_tint,
            level == 3 ? colour::green : colour::blue);
      std::string terms = fmt::format("{}", i);
      for (int from = i + count; from < 8 && level > 0 && level < 3; from += count)
        terms += fmt::format("+{}", from);
      d.words({left + i * cell + (cell - 6) / 2, y + high / 2}, level == 3 ? "all" : terms,
              Align::middle, 13);
    }
    if (level == 3) break;
    for (int i = 0; i < count / 2; ++i) {
      const double x = left + i * cell + (cell - 6) / 2, below = y + high + gap - 24 - high;
      d.arrow({x, y + high}, {x, below + high - 2});
      d.line({left + (i + count / 2) * cell + (cell - 6) / 2, y + high}, {x + 6, below + high - 8},
             colour::ink);
    }
    const double wall = y + high + 10;
    d.line({left - 20, wall}, {left + 8 * cell, wall}, colour::orange, 1.4, true);
    d.words({left + 8 * cell + 8, wall}, "barrier", Align::left, 13, colour::orange);
  }
  d.save(to / "sum.svg");
}

}  // namespace

void draw_lesson_8(const Folder& to) {
  draw_grid(to);
  draw_tree(to);
}

}  // namespace robmask::course
