#pragma once
// Curves as pictures: the same chart as .svg, .png and the numbers behind it as .csv. The .svg is
// light or dark as its reader prefers.

#include <string>
#include <vector>

#include "data/files/input_file.h"

namespace robmask {

struct Series {
  std::string name;
  std::vector<double> x, y;                     // a point that is not finite is a gap
  std::vector<double> low = {}, high = {};      // empty, or the ends of an error bar at every point
  std::vector<std::string> labels = {};         // empty, or a text beside every point
  std::vector<double> x_low = {}, x_high = {};  // those of a bar along x; only beside low and high
  bool joined = true;                           // by a line
  /// Somebody else's numbers for the series before it: in its colour, dashed, with crosses.
  bool cited = false;
};

struct Chart {
  std::string title, x_label, y_label;
  std::vector<Series> series;
};

/// Writes `base`.csv, .svg and .png. Drawing needs gnuplot; without it the numbers are written all
/// the same, one line on stderr says what to install, and false is returned.
bool draw_chart(const Chart& chart, const Path& base);

/// What draws the chart in gnuplot's language, all but its terminal.
std::string chart_script(const Chart& chart);

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
