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

/// The paper's accuracy at the end of training as a level beside a curve.
Series end_of(const Series& curve, const std::string& name, double accuracy) {
  return {.name = "paper: " + name + ", after 100 epochs",
          .x = {curve.x.front(), curve.x.back()},
          .y = {accuracy, accuracy},
          .cited = true};
}

bool draw_training(const Experiment& e, const Commands& commands, const Path& folder) {
  Chart chart{"Training curves", "epoch", "accuracy (%)", {}};
  for (const auto& row : rows) {
    const Job job = commands.train(training_of(row.method));
    if (!row.drawn || !job.done()) continue;
    const Path log = job.folder / "log.csv";
    const Series test = curve(fmt::format("{}, test, mask 0", row.title), log, "test_acc");
    chart.series.push_back(test);
    if (const auto paper = cell_of(e, row.title, "Clean").paper)
      chart.series.push_back(end_of(test, row.title, *paper));
    chart.series.push_back(curve(fmt::format("{}, training", row.title), log, "train_acc"));
  }
  return chart.series.empty() || draw_chart(chart, folder / "curves");
}

}  // namespace

Experiment figure3() {
  Experiment e{
      "figure3",
      "Training curves of DenseNet-121 on CIFAR-10, and the cost of an epoch",
      {"Seconds are the median epoch's. The paper's are of a machine it does not name; \"not much "
       "longer\" is their ratio. Epochs beside other work of the machine are slower."},
      {},
      {{"curves.svg",
        "Accuracy after each epoch, counted from 0, on test images at mask 0 and on the training "
        "batches as they came (adversarial branches included). The paper: RobMask \"clearly "
        "outperforms Advprop during the whole training process\".",
        "The paper draws its curves without numbers; the dashed levels are where they end: Table "
        "3's DenseNet-121 after 100 epochs on CIFAR-10."}},
      draw_training};
  const Experiment table = table3();
  for (const auto& [title, method, seconds, drawn] : rows) {
    const Training training = training_of(method);
    Cell clean{title, "Clean", Accuracy{.training = training}};
    if (std::string_view(method) != "pgd")  // which Table 3 does not have
      clean.paper =
          cell_of(table, "DenseNet-121, 100 epochs", std::string("CIFAR-10 ") + title).paper;
    e.cells.push_back(clean);
    e.cells.push_back({title, "Seconds an epoch", EpochSeconds{training}, seconds});
  }
  e.cells.push_back({"RobMask / AdvProp", "Seconds an epoch",
                     EpochRatio{{training_of("robmask")}, {training_of("advprop")}}, 890.0 / 870});
  return e;
}

}  // namespace robmask::reproduce
