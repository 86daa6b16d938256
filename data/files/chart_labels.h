#pragma once
// Where the labels of a chart's points stand so that all can be read.

#include "data/files/chart.h"

namespace robmask {

struct PointLabel {
  std::string text;
  double x, y;         // the point, in the chart's units
  std::size_t series;  // whose it is
  bool left = false;   // it ends before its point; else it begins behind it
  double rise = 0;     // lines of text above its point
};

/// The labels of all series, in order. Points of a series that a reader cannot tell apart share one
/// ("p = 0.75, 1"); none covers another or a point where there is room beside it.
std::vector<PointLabel> place_labels(const Chart& chart);

}  // namespace robmask
