#pragma once
// What an evaluation found out about each image, and the numbers of a report that follow from it.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "attacks/evaluate.h"
#include "data/dataset.h"
#include "data/files/csv.h"
#include "data/files/json.h"
#include "tools/robmask/combinations.h"

namespace robmask {

/// All images of a split, in file order, under one combination.
struct AttackResult {
  Combination of;
  std::optional<double> p = {};  // of interpolate
  Verdicts verdicts = {};
  // Seconds of each stage, and in all: of every run that a journal joins.
  std::vector<double> stage_seconds = {};
  double seconds = 0;
  Index reused = 0;  // images broken by a smaller ε and not attacked again

  Index n() const { return std::ssize(verdicts); }
  Index correct() const { return std::ranges::count(verdicts, true, &Verdict::clean); }
  Index robust() const { return std::ranges::count(verdicts, true, &Verdict::robust); }
};

/// Two accuracies on the same images, compared by McNemar's exact test:
///   {"robust_here_only": b, "robust_there_only": c, "p_value": …}
Json paired_test(const std::vector<bool>& here, const std::vector<bool>& there);
std::vector<bool> robust_flags(const AttackResult& result);

/// "n", "clean_accuracy", "robust_accuracy" and their 95 % Wilson intervals.
Json accuracies(Index n, Index correct, Index robust);

/// The entry of "results": what was asked, the accuracies, "stages" of an ensemble (robust accuracy
/// after each attack, and its seconds) and "per_class". "steps", "step_size" and "start" are null
/// for attacks that have none; what only some attacks have is left out for others. `classes` maps
/// labels to names.
Json result_of(const AttackResult& result, const EvaluationSettings& settings,
               const LoadedModel& model, const std::vector<std::int32_t>& labels,
               const std::vector<std::string>& classes);

/// What --per-image says of a result, a row an image; interpolate's start with p. Names of classes
/// and files are empty where there are none.
CsvTable per_image_table(const AttackResult& result, const Split& images,
                         const std::vector<std::string>& classes);

}  // namespace robmask
