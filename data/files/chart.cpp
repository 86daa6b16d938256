#include "data/files/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "data/files/atomic_file.h"
#include "data/files/csv.h"
#include "data/files/gnuplot.h"
#include "engine/check.h"

namespace robmask {
namespace {

/// Okabe and Ito's colours, which the colour-blind can tell apart; gnuplot's filled marks.
struct Look {
  const char* colour;
  int mark;
};
constexpr std::array<Look, 7> looks{{{"#0072B2", 7},
                                     {"#D55E00", 5},
                                     {"#009E73", 9},
                                     {"#CC79A7", 13},
                                     {"#E69F00", 11},
                                     {"#56B4E9", 15},
                                     {"#000000", 7}}};

constexpr const char* svg_terminal =
    "set terminal svg size 900,600 font 'sans,15' noenhanced background '#ffffff'\n";
constexpr const char* png_terminal =
    "set terminal pngcairo size 1800,1200 font 'sans,11' fontscale 2 linewidth 2 pointscale 2 "
    "noenhanced background '#ffffff'\n";

constexpr const char* style =
    "set encoding utf8\n"
    "set border 3 linecolor rgb '#555555'\n"
    "set tics nomirror out scale 0.6 textcolor rgb '#333333'\n"
    "set grid linecolor rgb '#cccccc' linewidth 0.5 linetype 1\n"
    "set key outside below center horizontal Left reverse samplen 2 width 1 height 0.6\n"
    "set offsets graph 0.04, graph 0.06, graph 0.06, graph 0.04\n"
    "set autoscale noextend\n"
    "set errorbars small\n";

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "NaN"; }

bool has_bars(const Series& series) { return !series.low.empty(); }
bool has_x_bars(const Series& series) { return !series.x_low.empty(); }

/// A single point has no line, neither in the chart nor in the legend.
const char* drawn_with(const Series& series) {
  const bool line = series.x.size() > 1;
  if (has_x_bars(series)) return line ? "xyerrorlines" : "xyerrorbars";
  if (has_bars(series)) return line ? "yerrorlines" : "yerrorbars";
  return line ? "linespoints" : "points";
}

/// The points as a named block of the script: x, y and, with error bars, those of x and of y.
std::string data_block(const Series& series, std::size_t index) {
  std::string text = fmt::format("$series{} << END\n", index);
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    text += number(series.x[i]) + ' ' + number(series.y[i]);
    if (has_x_bars(series)) text += ' ' + number(series.x_low[i]) + ' ' + number(series.x_high[i]);
    if (has_bars(series)) text += ' ' + number(series.low[i]) + ' ' + number(series.high[i]);
    text += '\n';
  }
  return text + "END\n";
}

/// Where the last fifth of the chart's width begins: labels from there on stand to the left of their
/// points, or the frame would cut them off.
double right_end(const Chart& chart) {
  double low = INFINITY, high = -INFINITY;
  for (const Series& series : chart.series)
    for (const double x : series.x)
      if (std::isfinite(x)) low = std::min(low, x), high = std::max(high, x);
  return low < high ? low + 0.8 * (high - low) : INFINITY;
}

std::string point_labels(const Series& series, const Look& look, double right_end) {
  std::string text;
  for (std::size_t i = 0; i < series.labels.size(); ++i) {
    if (!std::isfinite(series.x[i]) || !std::isfinite(series.y[i])) continue;
    text += fmt::format("set label {} at {},{} {} textcolor rgb '{}' front\n",
                        gnuplot_quoted(series.labels[i]), series.x[i], series.y[i],
                        series.x[i] < right_end ? "left offset 0.9,0.5" : "right offset -0.9,0.5",
                        look.colour);
  }
  return text;
}

/// The whole script but for its terminal.
std::string script(const Chart& chart) {
  const auto columns = [](const Series& series) {
    return has_x_bars(series) ? "1:2:3:4:5:6" : has_bars(series) ? "1:2:3:4" : "1:2";
  };
  std::string text = style, plots;
  text += fmt::format("set title {}\nset xlabel {} offset 0,0.4\nset ylabel {}\n",
                      gnuplot_quoted(chart.title), gnuplot_quoted(chart.x_label),
                      gnuplot_quoted(chart.y_label));
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    const Look& look = looks[i % looks.size()];
    text += data_block(series, i) + point_labels(series, look, right_end(chart));
    plots += fmt::format(
        "{} $series{} using {} with {} linewidth 2 dashtype {} pointtype {} "
        "pointsize 0.9 linecolor rgb '{}' title {}",
        i == 0 ? "plot" : ",", i, columns(series), drawn_with(series), 1 + i / looks.size(),
        look.mark, look.colour, gnuplot_quoted(series.name));
  }
  return text + plots + '\n';
}

CsvTable points(const Chart& chart) {
  CsvTable table{
      {"series", chart.x_label, chart.y_label, "low", "high", "label", "x_low", "x_high"}, {}};
  const auto at = [](const std::vector<double>& bars, std::size_t i) {
    return bars.empty() ? "" : fmt::format("{}", bars[i]);
  };
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      table.rows.push_back({series.name, fmt::format("{}", series.x[i]),
                            fmt::format("{}", series.y[i]), at(series.low, i), at(series.high, i),
                            series.labels.empty() ? "" : series.labels[i], at(series.x_low, i),
                            at(series.x_high, i)});
    }
  }
  return table;
}

void check(const Chart& chart) {
  for (const auto& [name, x, y, low, high, labels, x_low, x_high] : chart.series) {
    const auto fits = [&](const auto& list) { return list.empty() || list.size() == x.size(); };
    expect(x.size() == y.size() && fits(low) && low.size() == high.size() && fits(labels) &&
               x_low.size() == x_high.size() && (x_low.empty() || x_low.size() == low.size()),
           "series {} of a chart has lists of different lengths", name);
  }
}

}  // namespace

bool draw_chart(const Chart& chart, const Path& base) {
  check(chart);
  const auto with_ending = [&](const char* ending) { return Path(base.string() + ending); };
  write_csv(with_ending(".csv"), points(chart));
  const std::string body = script(chart);
  for (const auto& [ending, terminal] : {std::pair(".svg", svg_terminal), {".png", png_terminal}}) {
    const auto [picture, complaint] = run_gnuplot(terminal + body);
    if (!complaint.empty()) {
      fmt::print(stderr, "{}: not drawn: {}; its numbers are in the .csv beside it\n",
                 with_ending(ending).string(), complaint);
      return false;
    }
    write_file(with_ending(ending), picture);
  }
  return true;
}

}  // namespace robmask
