#pragma once
// What the paper's tables and figures hold, as data: which trainings, what is read from them, and the
// numbers that the paper prints. Nothing here knows a scale, a file or a command.

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask::reproduce {

/// A training run in the paper's words.
struct Training {
  std::string method = "standard";
  std::string model = "resnet18";
  std::string data = "cifar10";  // cifar10, cifar100 or imagenet
  Index epochs = 20, batch = 128;
  std::vector<std::string> options = {};           // where it leaves the defaults of train
  std::shared_ptr<const Training> base = nullptr;  // if any: only this one's batch norm is tuned
};

/// Batch-norm-only finetuning (section 3.1), as long as the training it starts from.
Training finetuned(const Training& base, const std::string& method,
                   const std::string& tune = "gamma,beta,stats");

/// Accuracy through one mask under one attack.
struct Accuracy {
  Training training;
  std::string mask = "0";        // p
  std::string attack = "clean";  // clean, pgd or autoattack
  std::string eps = "0";
  bool repeated = false;  // once for each seed of the scale: mean ± sample standard deviation
  /// If any: p·training + (1−p)·second of γ, β and running statistics (section 3.2).
  std::shared_ptr<const Training> second = nullptr;
  double p = 1;
};

/// The first accuracy less the second, in points.
struct Difference {
  Accuracy first, second;
};

/// The cosine of the angle between a tensor before and after finetuning, taken as vectors.
struct Cosine {
  Training before, after;
  std::string tensor;  // "bn1.weight"
};

/// The mean of |cosine − what the paper prints for it|.
struct MeanGap {
  std::vector<Cosine> cosines;
  std::vector<double> papers;
};

/// How many numbers training changes in the weights: all but running statistics.
struct Parameters {
  Training training;
};

/// The seconds of an epoch: the median, which an epoch beside other work does not move.
struct EpochSeconds {
  Training training;
};

/// The first training's seconds an epoch in those of the second.
struct EpochRatio {
  EpochSeconds first, second;
};

/// A model at a mask, as the source of feature maps.
struct View {
  Training training;
  std::string mask = "0";
};

/// How many of a norm's feature maps, after its ReLU, view b blocks or magnifies against view a, on
/// one test image (appendix A.3).
struct MaskedMaps {
  View a, b;
  std::string layer;  // "bn1"
  bool magnified = false;
};

using Reading = std::variant<Accuracy, Difference, Cosine, MeanGap, Parameters, EpochSeconds,
                             EpochRatio, MaskedMaps>;

/// A number of a table: where it stands, what it is, and what the paper prints there.
struct Cell {
  std::string row, column;
  Reading reading;
  std::optional<double> paper = {};      // per cent for accuracies
  std::optional<double> paper_std = {};  // what the paper prints behind ±
  std::string note = {};                 // on what the paper prints

  /// "adversarial-training.clean": how --only calls it.
  std::string name() const;
};

class Commands;

/// A picture of an experiment.
struct Figure {
  std::string file;     // "curves.svg", beside which lie curves.png and curves.csv; or "maps.png"
  std::string caption;  // what is drawn and what to look for, in sentences
  std::string papers;   // where the paper's numbers in it come from, or that there are none
};

/// A table or figure of the paper.
struct Experiment {
  std::string name, title;
  std::vector<std::string> remarks;  // what the paper leaves open, and what is taken here
  std::vector<Cell> cells;
  std::vector<Figure> figures = {};
  /// Draws the figures into a folder, as far as the jobs of the experiment, as its scale runs it, are
  /// done. False if nothing here can draw; null if there are no figures.
  bool (*draw)(const Experiment& experiment, const Commands& commands,
               const Path& folder) = nullptr;
};

/// The cell that stands in that row and column; RunError if there is none.
const Cell& cell_of(const Experiment& experiment, const std::string& row,
                    const std::string& column);

/// The paper's tables and figures in its order, then what its text claims and leaves open.
const std::vector<Experiment>& experiments();
/// The names, and the one of that name; InputError lists the names there are.
std::vector<std::string> experiment_names();
const Experiment& experiment(const std::string& name);

/// Lower case with a dash for every run of other characters: "ε = 8/255" → "8-255".
std::string slug(const std::string& text);

}  // namespace robmask::reproduce
