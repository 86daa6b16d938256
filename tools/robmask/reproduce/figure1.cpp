// Figure 1: the first batch norm of an adversarially trained network before and after standard
// finetuning (section 3.1), a panel a tensor.

#include "tools/robmask/reproduce/drawings.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {
namespace {

Series channels(const std::string& name, const std::vector<double>& values) {
  Series series{.name = name, .x = {}, .y = values, .joined = false};
  for (std::size_t c = 0; c < values.size(); ++c) series.x.push_back(static_cast<double>(c));
  return series;
}

/// "bn1.running_mean" → "bn1-running_mean"
std::string base_name_of(std::string tensor) { return tensor.replace(tensor.find('.'), 1, "-"); }

}  // namespace

bool draw_panels(const Experiment& e, const Commands& commands, const Path& folder) {
  bool drawn = true;
  for (auto cell = e.cells.begin(); cell != e.cells.end();) {
    const std::string row = cell->row, tensor = cell->reading.tensors[0];
    Chart chart{"First batch norm: " + row, "channel", row, {}};
    const auto add = [&](const std::string& name, const Source& source) {
      const Job job = commands.train(source.training);
      if (job.done()) chart.series.push_back(channels(name, weights_of(job, tensor)));
    };
    add("adversarial training", cell->reading.of[0]);
    for (; cell != e.cells.end() && cell->row == row; ++cell)
      add(cell->column, cell->reading.of[1]);
    drawn &= chart.series.empty() || draw_chart(chart, folder / base_name_of(tensor));
  }
  return drawn;
}

std::vector<Figure> panel_figures(const Experiment& e) {
  std::vector<Figure> figures;
  for (const Cell& cell : e.cells)
    if (cell.column == e.cells[0].column)
      figures.push_back(
          {base_name_of(cell.reading.tensors[0]) + ".svg",
           fmt::format(
               "The {} of every channel of the first batch norm, before finetuning and after. "
               "Marks inside each other are equal values: there finetuning has changed "
               "nothing. The paper finds that for all but γ.",
               cell.row),
           "The paper draws this panel, but prints only its cosine, which stands in the table."});
  return figures;
}

}  // namespace robmask::reproduce
