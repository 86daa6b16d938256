#include "tools/robmask/reproduce/charts.h"

#include <algorithm>

namespace robmask::reproduce {

namespace {

/// The paper's numbers only where there are some of ours.
void add_curves(Chart& chart, const Series& ours, const Series& papers) {
  if (ours.x.empty()) return;
  chart.series.push_back(ours);
  if (!papers.x.empty()) chart.series.push_back(papers);
}

Series cited(const std::string& name, bool joined) {
  return {.name = "paper: " + name, .x = {}, .y = {}, .joined = joined, .cited = true};
}

bool drawn(const Chart& chart, const Path& base) {
  return chart.series.empty() || draw_chart(chart, base);
}

}  // namespace

bool draw_tradeoff(const std::string& title, const std::vector<TradeoffCurve>& curves,
                   const Commands& commands, const Path& folder) {
  Chart chart{title, "robust accuracy, PGD at 8/255 (%)", "clean accuracy (%)", {}};
  for (const TradeoffCurve& curve : curves) {
    Series ours{.name = curve.name, .x = {}, .y = {}, .joined = curve.joined};
    Series papers = cited(curve.name, curve.joined);
    for (const auto& [label, clean, robust] : curve.points) {
      if (clean.paper && robust.paper) {
        papers.x.push_back(*robust.paper);
        papers.y.push_back(*clean.paper);
        papers.labels.push_back(label);
      }
      const auto y = found(clean.reading, commands), x = found(robust.reading, commands);
      if (!x || !y) continue;
      add_point(ours, x->value, *y);
      ours.x_low.push_back(low_of(*x));
      ours.x_high.push_back(high_of(*x));
      ours.labels.push_back(label);
    }
    add_curves(chart, ours, papers);
  }
  return drawn(chart, folder / "tradeoff");
}

bool draw_strengths(const Experiment& e, const Commands& commands, const Path& folder) {
  Chart chart{"Accuracy under attack", "ε of the attack (1/255)", "accuracy (%)", {}};
  for (auto row = e.cells.begin(); row != e.cells.end();) {
    const auto end =
        std::find_if(row, e.cells.end(), [&](const Cell& cell) { return cell.row != row->row; });
    Series ours{row->row, {}, {}}, papers = cited(row->row, true);
    for (; row != end; ++row) {
      const double strength = std::stod(std::get<Accuracy>(row->reading).eps);  // "2/255" → 2
      if (row->paper) papers.x.push_back(strength), papers.y.push_back(*row->paper);
      if (const auto y = found(row->reading, commands)) add_point(ours, strength, *y);
    }
    add_curves(chart, ours, papers);
  }
  return drawn(chart, folder / "strengths");
}

}  // namespace robmask::reproduce
