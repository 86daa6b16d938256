// Figure 3: training curves of AdvProp and RobMask, and section 5.2's cost of an epoch.

#include <cmath>

#include "data/files/csv.h"
#include "tools/robmask/reproduce/drawings.h"

namespace robmask::reproduce {
namespace {

/// A column of log.csv in per cent, by the epochs it counts from 0.
Series curve(const std::string& name, const Path& log, const std::string& column) {
  const CsvTable table = read_csv(log);
  Series series{name, {}, {}};
  for (const CsvRow& row : table.rows) {
    series.x.push_back(static_cast<double>(table.whole(row, "epoch", log.string())));
    series.y.push_back(100 * table.number(row, column, log.string()).value_or(NAN));
  }
  return series;
}

/// Beside each curve on test images the paper's accuracy at the end of training, as a level.
}  // namespace

bool draw_training(const Experiment& e, const Commands& commands, const Path& folder) {
  Chart chart{"Training curves", "epoch", "accuracy (%)", {}};
  for (const std::string name : {"AdvProp", "RobMask"}) {
    const Cell& clean = cell_of(e, name, "Clean");
    const Job job = commands.train(clean.reading.of[0].training);
    if (!job.done()) continue;
    const Path log = job.folder / "log.csv";
    const Series test = curve(name + ", test, mask 0", log, "test_acc");
    chart.series.push_back(test);
    chart.series.push_back({.name = "paper: " + name + ", after 100 epochs",
                            .x = {test.x.front(), test.x.back()},
                            .y = {*clean.paper, *clean.paper},
                            .cited = true});
    chart.series.push_back(curve(name + ", training", log, "train_acc"));
  }
  return chart.series.empty() || draw_chart(chart, folder / "curves");
}

}  // namespace robmask::reproduce
