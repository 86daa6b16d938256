
#include <algorithm>
#include <array>
#include <cmath>

#include "data/files/chart.h"
#include "data/files/gnuplot.h"
#include "data/files/palette.h"
#include "engine/check.h"

namespace robmask {
namespace {

/// gnuplot's hollow marks: of points that lie upon each other, each can be seen.
constexpr std::array<int, 6> marks{6, 4, 8, 12, 10, 14};
/// Its crosses, which cover nothing, for numbers that are cited.
constexpr std::array<int, 3> crosses{2, 1, 3};

struct Look {
  const char* colour;
  int mark, dashes;
  double size, width;
};

/// A series' look: colours in turn, and marks that shrink, so that a later one stands inside an
/// earlier.
std::vector<Look> looks_of(const Chart& chart) {
  const auto all = static_cast<double>(std::ranges::count(chart.series, false, &Series::cited));
  const double step = std::min(0.35, 1.4 / all);
  std::vector<Look> looks;
  std::size_t own = 0;  // series that are not cited, so far
  for (const Series& series : chart.series) {
    if (series.cited) {
      const std::size_t i = std::max<std::size_t>(own, 1) - 1;
      looks.push_back({series_shades[i % series_shades.size()].light, crosses[i % crosses.size()],
                       2, 1.0, 1.5});
      continue;
    }
    const std::size_t i = own++;
    looks.push_back({series_shades[i % series_shades.size()].light, marks[i % marks.size()],
                     1 + 2 * static_cast<int>(i / marks.size()),
                     0.8 + step * (all - static_cast<double>(own)), 2});
  }
  return looks;
}

std::string style() {
  return fmt::format(
      "set encoding utf8\n"
      "set border 3 linecolor rgb '{0}'\n"
      "set tics nomirror out scale 0.6 textcolor rgb '{1}'\n"
      "set grid linecolor rgb '{2}' linewidth 0.5 linetype 1\n"
      "set key outside below center horizontal Left reverse samplen 2 width 1 height 0.6 "
      "textcolor rgb '{1}'\n"
      "set offsets graph 0.04, graph 0.06, graph 0.06, graph 0.04\n"
      "set autoscale noextend\n"
      "set errorbars small\n",
      frame_shade.light, ink_shade.light, grid_shade.light);
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "NaN"; }

bool has_bars(const Series& series) { return !series.low.empty(); }
bool has_x_bars(const Series& series) { return !series.x_low.empty(); }

/// A single point has no line, neither in the chart nor in the legend.
const char* drawn_with(const Series& series) {
  const bool line = series.joined && series.x.size() > 1;
  if (has_x_bars(series)) return line ? "xyerrorlines" : "xyerrorbars";
  if (has_bars(series)) return line ? "yerrorlines" : "yerrorbars";
  return line ? "linespoints" : "points";
}

const char* columns_of(const Series& series) {
  return has_x_bars(series) ? "1:2:3:4:5:6" : has_bars(series) ? "1:2:3:4" : "1:2";
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

/// Few whole numbers (epochs, channels, strengths) have no ticks between them.
std::string whole_ticks(const Chart& chart) {
  double low = INFINITY, high = -INFINITY;
  for (const Series& series : chart.series)
    for (const double x : series.x) {
      if (x != std::floor(x)) return "";
      low = std::min(low, x), high = std::max(high, x);
    }
  if (low == high) return fmt::format("set xtics ({})\n", low);
  return high - low <= 10 ? "set xtics 1\n" : "";
}

std::string titles(const Chart& chart) {
  const std::string colour = fmt::format("textcolor rgb '{}'", ink_shade.light);
  return fmt::format("set title {0} {3}\nset xlabel {1} offset 0,0.4 {3}\nset ylabel {2} {3}\n",
                     gnuplot_quoted(chart.title), gnuplot_quoted(chart.x_label),
                     gnuplot_quoted(chart.y_label), colour);
}

}  // namespace

std::string chart_script(const Chart& chart) {
  const std::vector<Look> looks = looks_of(chart);
  std::string text = style() + titles(chart) + whole_ticks(chart), plots;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    text += data_block(series, i);
    plots += fmt::format(
        "{} $series{} using {} with {} linewidth {} dashtype {} pointtype {} "
        "pointsize {} linecolor rgb '{}' title {}",
        i == 0 ? "plot" : ",", i, columns_of(series), drawn_with(series), looks[i].width,
        looks[i].dashes, looks[i].mark, looks[i].size, looks[i].colour,
        gnuplot_quoted(series.name));
  }
  for (const PointLabel& label : place_labels(chart))
    text += fmt::format("set label {} at {},{} {} offset {},{} textcolor rgb '{}' front\n",
                        gnuplot_quoted(label.text), label.x, label.y, label.left ? "right" : "left",
                        label.left ? -0.9 : 0.9, label.rise, looks[label.series].colour);
  return text + plots + '\n';
}

}  // namespace robmask
