#pragma once
// All that a report says of one run, as JSON.

#include "tools/robmask/evaluation_settings.h"
#include "tools/robmask/journal.h"
#include "tools/robmask/report/run_files.h"

namespace robmask {

/// One page of one or several run directories, written to common.out. An empty common.data is each
/// run's own.
struct ReportSettings {
  ReportSettings() { common.limit_test = 200; }

  CommonSettings common = common_of_reader();
  std::vector<std::string> runs;
  std::vector<double> masks{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
  Strength eps{.value = 0, .text = ""};  // no text: the run's eps_max
  AttackSettings attack{.steps = 20};    // in the run's norm
  Index images = 8, batch = 128;
  bool resume = false;
  bool watch = false;  // until all runs have ended
};

/// What evaluate would be asked: PGD at every mask the model has, in the run's own norm, on its own
/// data unless others were given. InputError for an ε that is none in that norm, and for a run that
/// does not say its data.
EvaluationSettings evaluation_of(const ReportSettings& settings, const std::string& run,
                                 const RunFiles& files);

/// The numbers of log.csv by column; null where there is none.
Json log_json(const CsvTable& log);

/// Evaluates a run at every mask it has and looks at its first `images`: an entry of "runs"
/// (page.h) but for its name. Verdicts go through `journal`. InputError for weights or data that do
/// not fit the run.
Json run_figures(const EvaluationSettings& settings, Index images, const Path& run,
                 const RunFiles& files, Journal& journal);

}  // namespace robmask
