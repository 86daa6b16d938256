#pragma once
// What the paper's tables and figures hold, as data: which networks, what is read of them, and the
// numbers that the paper prints.

#include <array>
#include <memory>
#include <optional>
#include <string>
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

/// A network at a mask and, for its accuracy, the attack on it.
struct Source {
  Training training = {};
  std::string mask = "0";        // p
  std::string attack = "clean";  // clean, pgd or autoattack
  std::string eps = "0";
  bool repeated = false;  // once for each seed of the scale: mean ± sample standard deviation
  /// If any: p·training + (1−p)·second of γ, β and running statistics (section 3.2).
  std::shared_ptr<const Training> second = nullptr;
  double p = 1;
};

/// accuracy: the first source's, or it less the second's, in points.
/// parameters: how many numbers training changes in the weights; all but running statistics.
/// seconds: of the median epoch, which other work of the machine does not move; or in the second's.
/// cosine: of the angle between a tensor of the first and of the second source, taken as vectors.
/// gap: the mean of |cosine − what the paper prints for it| over tensors.
/// blocked, magnified: how many of a norm's feature maps, after its ReLU, the second source blocks
/// or magnifies against the first, on one test image (appendix A.3).
enum class Measure { accuracy, parameters, seconds, cosine, gap, blocked, magnified };

/// A number to be measured.
struct Reading {
  Measure measure = Measure::accuracy;
  std::vector<Source> of = {{}};
  std::vector<std::string> tensors = {};  // of cosines; the norm whose maps are read
  std::vector<double> papers = {};        // of a gap: the paper's cosines
};

/// A number of ours; accuracies in per cent.
struct Finding {
  double value = 0;
  std::optional<std::array<double, 2>> interval = {};  // 95 %, of an accuracy or a difference
  std::optional<double> std = {};                      // sample standard deviation, of several
  Index n = 0;                                         // images, seeds, channels or epochs

  /// The ends of its interval; without one, the number itself.
  std::array<double, 2> bar() const { return interval.value_or(std::array{value, value}); }
};

/// A number of a table: where it stands, what it is, what the paper prints there, and ours.
struct Cell {
  std::string row, column;
  Reading reading = {};
  std::optional<double> paper = {};      // per cent for accuracies
  std::optional<double> paper_std = {};  // what the paper prints behind ±
  std::string note = {};                 // on what the paper prints
  std::string curve = {}, label = {};    // of the trade-off that it is drawn in, if any

  bool asked = true;  // by --only
  std::optional<Finding> ours = {};
  std::string missing = {};  // why there is no number of ours

  /// "adversarial-training.clean": how --only calls it.
  std::string name() const;
};

/// A picture of an experiment.
struct Figure {
  std::string file;     // "curves.svg", beside which lie curves.png and curves.csv; or "maps.png"
  std::string caption;  // what is drawn and what to look for, in sentences
  std::string papers;   // where the paper's numbers in it come from, or that there are none
};

class Commands;

/// A table or figure of the paper.
struct Experiment {
  std::string name, title;
  std::vector<std::string> remarks = {};  // what the paper leaves open, and what is taken here
  std::vector<Cell> cells = {};
  std::vector<Figure> figures = {};
  /// Draws the figures into a folder, as far as cells and jobs are done. False if nothing here can
  /// draw; null if there are no figures.
  bool (*draw)(const Experiment& experiment, const Commands& commands,
               const Path& folder) = nullptr;
};

/// Marks the cells that --only asks for: by their names or, where no cell has that name, by parts
/// of them that cut no number (cifar-10 is no part of cifar-100); without words all. Leaves out
/// experiments of which no cell is asked for. InputError for a word that fits no cell.
void select(std::vector<Experiment>& experiments, const std::vector<std::string>& only);

/// The cell that stands in that row and column; RunError if there is none.
const Cell& cell_of(const Experiment& experiment, const std::string& row,
                    const std::string& column);

/// The paper's tables and figures in its order, then what its text claims and leaves open.
const std::vector<Experiment>& experiments();
/// The one of that name; InputError lists the names there are.
const Experiment& experiment(const std::string& name);

/// Lower case with a dash for every run of other characters: "ε = 8/255" → "8-255".
std::string slug(const std::string& text);

}  // namespace robmask::reproduce
