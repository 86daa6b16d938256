#pragma once
// What evaluate and interpolate do alike: load the images, judge models, report.

#include <functional>
#include <memory>
#include <optional>

#include "attacks/checks.h"
#include "tools/robmask/model_evaluation.h"
#include "tools/robmask/paired.h"

namespace robmask {

class EvaluationReport {
 public:
  /// The journal lies in --out, or beside the weights `from`. `models` says which models are
  /// judged, for the journal to know them again; they are `count`. InputError for what cannot be
  /// evaluated.
  EvaluationReport(const EvaluationSettings& settings, const Path& from, const Json& models,
                   Index count = 1);

  /// A model to judge, or to attack: what its file does not say, flags and data say.
  LoadedModel load(const std::string& from) const;

  /// Lets `judgements` judge() every model, then writes the files that were asked for, prints the
  /// results and ends the journal. Interrupted, it says how to go on.
  void run(const std::function<void()>& judgements);
  /// Judges a model at every combination. The p of interpolate, if given, is added to its results.
  /// Attacks are driven on `source`, the model itself if there is none.
  void judge(const LoadedModel& model, std::optional<double> p = {},
             const LoadedModel* source = nullptr);

 private:
  /// Null in other processes than the first.
  Journal* journal() { return journal_ ? &*journal_ : nullptr; }
  void question(const LoadedModel& model, const std::vector<Combination>& combinations);
  void question_result(const AttackResult& result, Index classes);
  void doubt(const Doubt& doubt, double mask);
  void report(const AttackResult& result, const LoadedModel& model);
  void compare_masks();
  void finish();

  const EvaluationSettings& settings_;
  Path folder_, kept_;    // of the journal, and its images
  Processes& processes_;  // that evaluate together
  Backend& machine_;
  std::unique_ptr<Images> images_;
  Dataset data_;  // but for its images
  // What process 0 writes for all.
  std::optional<Journal> journal_;
  std::unique_ptr<AdversarialFile> adversarial_;
  std::unique_ptr<PairedEvaluation> other_;
  CheckpointInfo info_;  // of the model judged last
  std::vector<AttackResult> attacks_;
  CsvTable per_image_;
  Json results_ = Json::array(), corruptions_ = Json::array(), warnings_ = Json::array();
};

/// The identity of a weights file in a journal: its content. InputError, naming the option, if
/// there is none.
std::string weights_identity(const std::filesystem::path& from, const std::string& option = "from");

}  // namespace robmask
