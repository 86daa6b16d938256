// Figures of docs/course/3-convolution.md.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/ops.h"
#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"

namespace robmask::course {

namespace {

/// A grid of numbers, row by row; `fill` says the colour of a cell.
template <class Fill>
void grid(Drawing& d, Point corner, int width, const std::vector<double>& numbers, double side,
          Fill fill) {
  for (int i = 0; i < static_cast<int>(numbers.size()); ++i) {
    const int row = i / width, column = i % width;
    const Point cell{corner.x + column * side, corner.y + row * side};
    d.box(cell, side, side, fill(row, column));
    d.words({cell.x + side / 2, cell.y + side / 2}, fmt::format("{:g}", numbers[i]));
  }
}

/// A window of weights at one place of an image, and what the engine computes with it.
void draw_window(const Folder& to) {
  constexpr int size = 6;
  constexpr double side = 36, top = 62;
  std::vector<double> image(size * size), weights = {-1, 0, 1, -1, 0, 1, -1, 0, 1};
  for (int row = 1; row < size; ++row)
    for (int column = 3; column < size; ++column) image[row * size + column] = 1;
  Backend& cpu = backend("cpu");
  const Tensor x = make_tensor(cpu, {1, size, size, 1}, image);
  const Tensor w = make_tensor(cpu, {3, 3, 1, 1}, weights);
  const std::vector<double> y =
      conv2d(Variable(x), Variable(w), {.kernel = 3, .stride = 1, .pad = 1}).value().to_doubles();

  Drawing d(680, 320, "A 3×3 window on an image gives one number of the output");
  constexpr int i = 2, j = 2;  // the output that is shown
  const double left = 28, middle = 284, right = 436;
  grid(d, {left, top}, size, image, side, [](int row, int column) {
    return std::abs(row - i) <= 1 && std::abs(column - j) <= 1 ? colour::blue_tint : colour::white;
  });
  grid(d, {middle, top + side * (i - 1)}, 3, weights, side,
       [](int, int) { return colour::orange_tint; });
  grid(d, {right, top}, size, y, side, [](int row, int column) {
    return row == i && column == j ? colour::green_tint : colour::white;
  });
  d.words({left + 3 * side, top - 22}, "image, under the window", Align::middle, 14, colour::blue);
  d.words({middle + 1.5 * side, top - 22}, "weights", Align::middle, 14, colour::orange);
  d.words({right + 3 * side, top - 22}, "output", Align::middle, 14, colour::green);
  d.words({middle - 20, top + side * (i + 0.5)}, "×", Align::middle, 20);
  d.words({right - 22, top + side * (i + 0.5)}, "=", Align::middle, 20);
  d.words({340, top + 6 * side + 24},
          fmt::format("nine products, added: {:g}; outside of the image there are zeros",
                      y[i * size + j]));
  d.save(to / "window.svg");
}

/// Six pixels in a row and windows of three: the matrix of patches, and who is read instead.
void draw_patches(const Folder& to) {
  constexpr int pixels = 6;
  constexpr double side = 34, top = 84, left = 70, lists = 330;
  Drawing d(680, 330,
            "The matrix of patches holds each pixel three times; taps list where it lies");
  const auto name = [](int i) {
    return i < 0 || i >= pixels ? std::string("0") : fmt::format("x{}", i);
  };
  d.words({left + 1.5 * side, 26}, "patches: numbers", Align::middle, 15, colour::ink, true);
  d.words({lists + 4.5 * side, 26}, "taps: who is read", Align::middle, 15, colour::ink, true);
  d.words({left + 1.5 * side, top - 22}, "a row for each output", Align::middle, 13);
  d.words({lists + 4.5 * side, top - 22}, "a list for each tap; channels stay where they are",
          Align::middle, 13);
  for (int o = 0; o < pixels; ++o) {
    d.words({left - 12, top + (o + 0.5) * side}, fmt::format("y{}", o), Align::right);
    for (int t = 0; t < 3; ++t) {
      const int i = o + t - 1;
      const Point cell{left + t * side, top + o * side};
      d.box(cell, side, side, i == 2 ? colour::orange_tint : colour::white);
      d.words({cell.x + side / 2, cell.y + side / 2}, name(i));
    }
  }
  for (int o = 0; o < pixels; ++o)
    d.words({lists + (o + 2.5) * side, top + 0.5 * side}, fmt::format("y{}", o));
  for (int t = 0; t < 3; ++t) {
    const double row = top + (1 + 1.35 * t) * side;
    d.words({lists + 1.8 * side, row + side / 2}, fmt::format("tap {} reads", t), Align::right);
    for (int o = 0; o < pixels; ++o) {
      const int i = o + t - 1;
      const bool padding = i < 0 || i >= pixels;
      d.box({lists + (o + 2) * side, row}, side, side,
            i == 2 ? colour::orange_tint : colour::blue_tint);
      d.words({lists + (o + 2.5) * side, row + side / 2},
              padding ? std::string("–") : fmt::format("{}", i));
    }
  }
  d.words({lists + 5 * side, top + 5.7 * side}, "– is padding: nothing is read", Align::middle, 13);
  d.words({340, top + pixels * side + 24},
          "Pixel 2, in orange, stands in three rows of the matrix, all channels of it each time.",
          Align::middle, 13, colour::orange);
  d.save(to / "patches.svg");
}

}  // namespace

void draw_lesson_3(const Folder& to) {
  draw_window(to);
  draw_patches(to);
}

}  // namespace robmask::course
