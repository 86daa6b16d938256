// Figure 3: training curves of AdvProp and RobMask, and section 5.2's cost of an epoch.

#include <cmath>

#include "data/files/chart.h"
#include "data/files/csv.h"
#include "tools/robmask/reproduce/commands.h"
#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

namespace {

const struct {
  const char *title, *method;
  std::optional<double> seconds;  // an epoch, the paper's
  bool drawn;                     // in the figure
} rows[]{{"BN", "standard", {}, false},
         {"Adversarial training", "pgd", {}, false},
         {"AdvProp", "advprop", 870, true},
         {"RobMask", "robmask", 890, true}};

Training training_of(const char* method) {
  return {.method = method, .model = "densenet121", .epochs = 100};
}

/// A column of log.csv in per cent, by epoch.
Series curve(const std::string& name, const Path& log, const std::string& column) {
  const CsvTable table = read_csv(log);
  const std::size_t epoch = table.column("epoch", log.string()),
                    value = table.column(column, log.string());
  Series series{name, {}, {}};
  for (const CsvRow& row : table.rows) {
    series.x.push_back(std::stod(row[epoch]) + 1);
    series.y.push_back(row[value].empty() ? NAN : 100 * std::stod(row[value]));
  }
  return series;
}

bool draw_training(const Commands& commands, const Path& folder) {
  Chart chart{"Training curves", "epoch", "accuracy (%)", {}};
  for (const auto& row : rows) {
    const Job job = commands.train(training_of(row.method));
    if (!row.drawn || !job.done()) continue;
    for (const auto& [title, column] :
         {std::pair("test, mask 0", "test_acc"), {"training", "train_acc"}})
      chart.series.push_back(
          curve(fmt::format("{}, {}", row.title, title), job.folder / "log.csv", column));
  }
  return chart.series.empty() || draw_chart(chart, folder / "curves");
}

}  // namespace

Experiment figure3() {
  Experiment e{
      "figure3",
      "Training curves of DenseNet-121 on CIFAR-10, and the cost of an epoch",
      {"curves.svg, .png and .csv: accuracy after each epoch, on test images at mask 0 and on "
       "the training batches as they came (adversarial branches included).",
       "Seconds are the median epoch's. The paper's are of a machine it does not name; \"not much "
       "longer\" is their ratio. Epochs beside other work of the machine are slower."},
      {},
      draw_training};
  for (const auto& [title, method, seconds, drawn] : rows) {
    const Training training = training_of(method);
    e.cells.push_back({title, "Clean", Accuracy{.training = training}});
    e.cells.push_back({title, "Seconds an epoch", EpochSeconds{training}, seconds});
  }
  e.cells.push_back({"RobMask / AdvProp", "Seconds an epoch",
                     EpochRatio{{training_of("robmask")}, {training_of("advprop")}}, 890.0 / 870});
  return e;
}

}  // namespace robmask::reproduce
