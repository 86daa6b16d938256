// Where the labels of a chart's points stand so that all can be read.

#include <algorithm>
#include <cmath>

#include "data/files/chart.h"

namespace robmask {
namespace {

/// A chart's height in lines of text and its width in characters, roughly.
constexpr double lines = 24, columns = 95;

struct Box {
  double left, right, bottom, top;  // in columns and lines
  double cost = 0;                  // of covering it
  bool covers(const Box& other) const {
    return left < other.right && other.left < right && bottom < other.top && other.bottom < top;
  }
};

/// One axis: from the chart's units to columns or lines.
class Axis {
 public:
  explicit Axis(double length) : length_(length) {}
  void include(const std::vector<double>& values) {
    for (const double v : values)
      if (std::isfinite(v)) low_ = std::min(low_, v), high_ = std::max(high_, v);
  }
  double operator()(double value) const {
    return low_ < high_ ? length_ * (value - low_) / (high_ - low_) : length_ / 2;
  }

 private:
  double length_, low_ = INFINITY, high_ = -INFINITY;
};

struct Axes {
  Axis x{columns}, y{lines};
};

Axes axes_of(const Chart& chart) {
  Axes axes;
  for (const Series& s : chart.series) {
    for (const auto* list : {&s.x, &s.x_low, &s.x_high}) axes.x.include(*list);
    for (const auto* list : {&s.y, &s.low, &s.high}) axes.y.include(*list);
  }
  return axes;
}

bool shown(const Series& series, std::size_t i) {
  return std::isfinite(series.x[i]) && std::isfinite(series.y[i]);
}

/// "p = 0.75" and "p = 1" → "p = 0.75, 1"
void append(std::string& text, const std::string& next) {
  const std::string stem = text.substr(0, text.find_last_of(' ', text.find(',')) + 1);
  text += ", " + next.substr(next.starts_with(stem) ? stem.size() : 0);
}

std::vector<PointLabel> merged_labels(const Series& series, std::size_t index, const Axes& axes) {
  std::vector<PointLabel> labels;
  for (std::size_t i = 0; i < series.labels.size(); ++i) {
    if (!shown(series, i) || series.labels[i].empty()) continue;
    const auto same = std::ranges::find_if(labels, [&](const PointLabel& label) {
      return std::abs(axes.x(label.x) - axes.x(series.x[i])) < 1 &&
             std::abs(axes.y(label.y) - axes.y(series.y[i])) < 0.6;
    });
    if (same != labels.end())
      append(same->text, series.labels[i]);
    else
      labels.push_back({series.labels[i], series.x[i], series.y[i], index});
  }
  return labels;
}

Box box_of(const PointLabel& label, const Axes& axes) {
  const auto letters = static_cast<double>(
      std::ranges::count_if(label.text, [](char c) { return (c & 0xC0) != 0x80; }));
  const double x = axes.x(label.x) + (label.left ? -1 - letters : 1),
               y = axes.y(label.y) + label.rise;
  return {x, x + letters, y - 0.35, y + 0.35};
}

/// What labels should not cover: points, and the lines between them.
std::vector<Box> obstacles(const Chart& chart, const Axes& axes) {
  constexpr int steps = 60;  // of a line
  std::vector<Box> boxes;
  const auto add = [&](double x, double y, double half_height, double cost) {
    boxes.push_back({x - 0.9, x + 0.9, y - half_height, y + half_height, cost});
  };
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!shown(series, i)) continue;
      const double x = axes.x(series.x[i]), y = axes.y(series.y[i]);
      add(x, y, 0.45, 6);
      if (i == 0 || !series.joined || !shown(series, i - 1)) continue;
      const double from_x = axes.x(series.x[i - 1]), from_y = axes.y(series.y[i - 1]);
      for (int k = 1; k < steps; ++k)
        add(std::lerp(from_x, x, k / double{steps}), std::lerp(from_y, y, k / double{steps}), 0.1,
            0.5);
    }
  }
  return boxes;
}

/// The place beside its point that covers least; of equal ones the nearest, and towards the middle.
void place(PointLabel& label, const Axes& axes, const std::vector<Box>& taken) {
  const bool right_end = axes.x(label.x) >= 0.8 * columns;
  PointLabel best = label;
  double least = INFINITY;
  for (const double rise : {0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3.5, -3.5})
    for (const bool left : {right_end, !right_end}) {
      label.left = left, label.rise = rise;
      const Box box = box_of(label, axes);
      if (box.left < -2 || box.right > columns + 4) continue;
      double cost = 3 * std::abs(rise);
      for (const Box& other : taken) cost += box.covers(other) ? other.cost : 0;
      if (cost < least) least = cost, best = label;
    }
  label = best;
}

}  // namespace

std::vector<PointLabel> place_labels(const Chart& chart) {
  const Axes axes = axes_of(chart);
  constexpr double label_cost = 100;
  std::vector<Box> taken = obstacles(chart, axes);
  std::vector<PointLabel> labels;
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    for (PointLabel& label : merged_labels(chart.series[i], i, axes)) {
      place(label, axes, taken);
      taken.push_back(box_of(label, axes));
      taken.back().cost = label_cost;
      labels.push_back(label);
    }
  return labels;
}

}  // namespace robmask
