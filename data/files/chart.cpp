#include "data/files/chart.h"

#include <cstdio>

#include "data/files/atomic_file.h"
#include "data/files/csv.h"
#include "data/files/gnuplot.h"
#include "data/files/one_line.h"
#include "data/files/palette.h"
#include "engine/check.h"

namespace robmask {
namespace {

constexpr const char* svg_terminal =
    "set terminal svg size 900,600 font 'sans,15' noenhanced background '#ffffff'\n";
constexpr const char* png_terminal =
    "set terminal pngcairo size 1800,1200 font 'sans,11' fontscale 2 linewidth 2 pointscale 3 "
    "noenhanced background '#ffffff'\n";

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
  for (const auto& [name, x, y, low, high, labels, x_low, x_high, joined, cited] : chart.series) {
    const std::size_t points = x.size();  // clang 14 lets no lambda capture x
    const auto fits = [&](const auto& list) { return list.empty() || list.size() == points; };
    expect(points == y.size() && fits(low) && low.size() == high.size() && fits(labels) &&
               x_low.size() == x_high.size() && (x_low.empty() || x_low.size() == low.size()),
           "series {} of a chart has lists of different lengths", name);
  }
}

}  // namespace

bool draw_chart(const Chart& chart, const Path& base) {
  check(chart);
  const auto with_ending = [&](const char* ending) { return Path(base.string() + ending); };
  write_csv(with_ending(".csv"), points(chart));
  const std::string body = chart_script(chart);
  for (const auto& [ending, terminal] : {std::pair(".svg", svg_terminal), {".png", png_terminal}}) {
    const auto [picture, complaint] = run_gnuplot(terminal + body);
    if (!complaint.empty()) {
      fmt::print(stderr, "{}: not drawn: {}; its numbers are in the .csv beside it\n",
                 one_line(with_ending(ending).string()), complaint);
      return false;
    }
    write_file(with_ending(ending),
               terminal == svg_terminal ? readable_in_the_dark(picture) : picture);
  }
  return true;
}

}  // namespace robmask
