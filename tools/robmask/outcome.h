#pragma once
// What an evaluation found out about each image, and the numbers of a report that follow from it.

#include <optional>
#include <string>
#include <vector>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "tools/robmask/cells.h"

namespace robmask {

/// One image under one attack.
struct ImageOutcome {
  bool clean = false;  // classified correctly as it is
  Verdict verdict;     // robust only if clean
  Index prediction =
      -1;  // of what the attack handed out; of the image itself if it was not attacked
};

/// All images of a split, in file order, under one combination.
struct CellOutcome {
  Cell cell;
  std::optional<double> p;  // of interpolate
  std::vector<ImageOutcome> images;
  // Seconds of each stage, and in all: of every run that a journal joins.
  std::vector<double> stages;
  double seconds = 0;
  Index reused = 0;  // images broken by a smaller ε and not attacked again

  Index n() const { return static_cast<Index>(images.size()); }
  Index correct() const;
  Index robust() const;
};

/// Two accuracies on the same images, compared by McNemar's exact test:
///   {"robust_here_only": b, "robust_there_only": c, "p_value": …}
Json paired_test(const std::vector<bool>& here, const std::vector<bool>& there);
std::vector<bool> robust_flags(const CellOutcome& outcome);

/// "n", "clean_accuracy", "robust_accuracy" and their 95 % Wilson intervals.
Json accuracies(Index n, Index correct, Index robust);

/// The entry of "results": what was asked, the accuracies, "stages" of an ensemble (robust accuracy
/// after each attack, and its seconds) and "per_class". "steps", "step_size" and "start" are null for
/// attacks that have none; what only some attacks have is left out for others. `classes` maps labels to
/// names.
Json result_of(const CellOutcome& outcome, const EvaluateSettings& settings,
               const LoadedModel& model, const std::vector<std::int32_t>& labels,
               const std::vector<std::string>& classes);

/// The rows of --per-image, and what their columns are called; those of interpolate start with p. Names
/// of classes and files are empty where there are none.
CsvRow per_image_columns(bool with_p);
std::vector<CsvRow> per_image_rows(const CellOutcome& outcome, const Split& images,
                                   const std::vector<std::string>& classes);

}  // namespace robmask
