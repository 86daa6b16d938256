#pragma once
// What evaluate and interpolate do alike: load the images, judge models, report.

#include <memory>
#include <optional>

#include "tools/robmask/judge.h"
#include "tools/robmask/paired.h"

namespace robmask {

class Evaluation {
 public:
  /// The journal lies in --out, or beside the weights `from`.
  Evaluation(const EvaluateSettings& settings, const std::filesystem::path& from);

  Backend& machine() const { return machine_; }
  /// What flags say of a checkpoint that does not say it itself.
  const CheckpointOverrides& overrides() const { return overrides_; }

  /// Judges a model at every cell; `name` tells it from others in the journal. The p of interpolate,
  /// if given, is added to its results.
  void judge(const LoadedModel& model, const std::string& name, std::optional<double> p = {});
  /// Writes the files that were asked for, prints the results, ends the journal.
  void finish();

 private:
  const EvaluateSettings& settings_;
  Backend& machine_;
  Json result_of(Judge& judge, const Cell& cell, std::optional<double> p);

  std::unique_ptr<Images> images_;
  CheckpointOverrides overrides_;
  Journal journal_;
  std::unique_ptr<AdversarialFile> adversarial_;
  std::unique_ptr<PairedEvaluation> other_;
  CsvTable per_image_;
  Json results_ = Json::array();
  std::string model_, text_;
};

/// The identity of a weights file in a journal: its path and when it was written.
std::string weights_identity(const std::filesystem::path& from);

}  // namespace robmask
