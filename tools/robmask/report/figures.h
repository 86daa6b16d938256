#pragma once
// All that a report says of one run, as JSON.

#include "tools/robmask/journal.h"
#include "tools/robmask/report/run_files.h"
#include "training/settings.h"

namespace robmask {

/// What evaluate would be asked: PGD at every mask the model has, in the run's own norm, on its own data
/// unless others were given. InputError for an ε that is none in that norm, and for a run that does not
/// say its data.
EvaluateSettings evaluation_of(const ReportSettings& settings, const std::string& run,
                               const RunFiles& files);

/// Evaluates a run at every mask it has and looks at its first `images`: an entry of "runs" (page.h) but
/// for its name. Verdicts go through `journal`. InputError for weights or data that do not fit the run.
Json run_figures(const EvaluateSettings& settings, Index images, const Path& run,
                 const RunFiles& files, Journal& journal);

}  // namespace robmask
