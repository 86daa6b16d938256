#include "tools/robmask/reproduce/drawings.h"

namespace robmask::reproduce {
namespace {

/// Ours and the paper's numbers of one curve.
struct TwoSeries {
  Series ours, papers;
};

TwoSeries two_series(const std::string& name, bool joined) {
  return {{.name = name, .x = {}, .y = {}, .joined = joined},
          {.name = "paper: " + name, .x = {}, .y = {}, .joined = joined, .cited = true}};
}

void add_point(TwoSeries& to, const Cell& x, const Cell& y) {
  if (x.paper && y.paper) to.papers.x.push_back(*x.paper), to.papers.y.push_back(*y.paper);
  if (!x.ours || !y.ours) return;
  const auto [low, high] = y.ours->bar();
  to.ours.x.push_back(x.ours->value);
  to.ours.y.push_back(y.ours->value);
  to.ours.low.push_back(low);
  to.ours.high.push_back(high);
}

/// With a text, and a bar along x.
void add_labelled(TwoSeries& to, const Cell& x, const Cell& y, const std::string& label) {
  add_point(to, x, y);
  to.papers.labels.resize(to.papers.x.size(), label);
  if (to.ours.labels.size() == to.ours.x.size()) return;
  const auto [low, high] = x.ours->bar();
  to.ours.labels.push_back(label);
  to.ours.x_low.push_back(low);
  to.ours.x_high.push_back(high);
}

/// The paper's numbers only where there are some of ours.
bool draw_curves(Chart chart, const std::vector<TwoSeries>& curves, const Path& base) {
  for (const auto& [ours, papers] : curves) {
    if (ours.x.empty()) continue;
    chart.series.push_back(ours);
    if (!papers.x.empty()) chart.series.push_back(papers);
  }
  return chart.series.empty() || draw_chart(chart, base);
}

}  // namespace

bool draw_tradeoff(const Experiment& e, const Commands&, const Path& folder) {
  std::vector<TwoSeries> curves;
  for (const Cell& clean : e.cells) {
    if (clean.reading.measure != Measure::accuracy || clean.reading.of[0].attack != "clean")
      continue;
    if (curves.empty() || curves.back().ours.name != clean.curve)
      curves.push_back(two_series(clean.curve, !clean.curve.ends_with(" of a part")));
    for (const Cell& robust : e.cells)
      if (robust.curve == clean.curve && robust.label == clean.label &&
          robust.reading.of[0].attack == "pgd")
        add_labelled(curves.back(), robust, clean, clean.label);
  }
  const char* title = e.name == "table1"   ? "Finetuning of batch norm only"
                      : e.name == "table2" ? "Between a mask and its finetuned one"
                                           : "Clean against robust accuracy";
  return draw_curves({title, "robust accuracy, PGD at 8/255 (%)", "clean accuracy (%)", {}}, curves,
                     folder / "tradeoff");
}

bool draw_strengths(const Experiment& e, const Commands&, const Path& folder) {
  std::vector<TwoSeries> curves;
  for (const Cell& cell : e.cells) {
    if (curves.empty() || curves.back().ours.name != cell.row)
      curves.push_back(two_series(cell.row, true));
    const double strength = std::stod(cell.reading.of[0].eps);  // "2/255" → 2
    Cell x{"", ""};
    x.paper = strength, x.ours = Finding{strength};
    add_point(curves.back(), x, cell);
  }
  return draw_curves({"Accuracy under attack", "ε of the attack (1/255)", "accuracy (%)", {}},
                     curves, folder / "strengths");
}

void add_drawing(Experiment& e) {
  const std::string file = e.figures.empty() ? "" : e.figures[0].file;
  if (file == "tradeoff.svg") e.draw = draw_tradeoff;
  if (file == "strengths.svg") e.draw = draw_strengths;
  if (file == "curves.svg") e.draw = draw_training;
  if (e.name == "figure1") e.draw = draw_panels, e.figures = panel_figures(e);
  if (e.name == "figure4") e.draw = draw_maps, e.figures = map_figures(e);
}

}  // namespace robmask::reproduce
