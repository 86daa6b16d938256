#pragma once
// A run on the page: what its files say, its figures, and what of them has changed since.

#include <string>

#include "tools/robmask/report/figures.h"
#include "tools/robmask/report/run_progress.h"

namespace robmask {

class ShownRun {
 public:
  /// Reads what can be read quickly. InputError as of read_run and evaluation_of.
  ShownRun(const ReportSettings& settings, const std::string& run, const std::string& name);

  /// Measures the weights as they are now, which takes its time. Throws as run_figures does.
  void measure(Journal& journal);
  /// Reads the log and the settings again if the run has written anything. Returns whether it has.
  bool follow();

  /// Are the figures of the weights that are there?
  bool is_measured() const { return measured_ == written_.weights; }
  bool has_ended() const { return progress_.ended; }
  /// "robmask has done 3 of 20 epochs, and was measured after 2", of a run that goes on.
  std::string words() const;
  const std::string& run() const { return run_; }
  /// An entry of "runs" (page.h).
  const Json& figures() const { return figures_; }
  /// Its tables as HTML, folded but for the accuracies.
  std::string tables() const;

 private:
  /// When its files were written.
  using Time = std::filesystem::file_time_type;
  struct Times {
    Time weights, log, state;
    bool operator==(const Times&) const = default;
  };
  Times written() const;

  const ReportSettings& settings_;
  std::string run_;
  RunFiles files_;
  EvaluationSettings asked_;
  Json figures_;
  RunProgress progress_;
  Index epochs_measured_ = 0;
  Times written_ = {};
  Time measured_ = {};  // the weights that the figures are of
};

}  // namespace robmask
