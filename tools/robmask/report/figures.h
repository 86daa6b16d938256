#pragma once
// All that a report says of one run, as JSON.

#include "tools/robmask/journal.h"
#include "tools/robmask/report/run_files.h"
#include "training/settings.h"

namespace robmask {

/// Evaluates a run on settings.common.data at every mask it has and looks at some images: an entry of
/// "runs" (page.h) but for its name. Verdicts go through `journal`. InputError for weights or data that do not fit the run.
Json run_figures(const ReportSettings& settings, const Path& run, const RunFiles& files,
                 Journal& journal);

}  // namespace robmask
