#pragma once
// Two evaluations of the same images, compared image by image: differences of a few images between
// two accuracies are noise, and a paired test says how much.

#include <string>
#include <vector>

#include "data/files/csv.h"
#include "data/files/json.h"

namespace robmask {

/// Another evaluation, from the file that its --per-image wrote.
class PairedEvaluation {
 public:
  /// InputError if the file is not such a file.
  explicit PairedEvaluation(const Path& per_image);

  /// Compares the robust flags of one result, given as its per-image table, with every result there
  /// of the same attack, norm and ε:
  ///   [{"mask": …, "robust_here_only": b, "robust_there_only": c, "p_value": McNemar's, exact}, …]
  /// Warns if there is none. InputError if the images or their labels differ.
  Json against(const CsvTable& result) const;

 private:
  struct Key {
    std::string mask, attack, norm, eps, p;  // p: of interpolate, else empty
    bool operator==(const Key&) const = default;
  };
  struct Result {
    Key of;
    double eps = 0;
    std::vector<std::string> images = {};  // number and label
    std::vector<bool> robust = {};
  };
  /// Rows of one combination follow each other.
  static std::vector<Result> results_of(const CsvTable& table, const std::string& source);

  std::string source_;
  std::vector<Result> results_;
};

}  // namespace robmask
