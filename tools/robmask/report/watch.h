#pragma once
// Keeping a page up to date while the runs on it go on.

#include <functional>
#include <string>
#include <vector>

#include "tools/robmask/report/shown_run.h"

namespace robmask {

/// Waits until each run directory holds weights, and says for which run it waits.
void wait_for_weights(const std::vector<std::string>& runs);

/// Looks every two seconds whether a run has written anything and calls `write`, with words for the
/// reader on what goes on, until all runs have ended; the last time without words. Weights that are
/// new are given to `measure`, but not before nine times as long as the last time took has gone by
/// since: a run that shares the machine with it loses a tenth at most. At the end they are measured
/// whenever they are new. Throws Interrupted on SIGINT or SIGTERM, and leaves a page without words
/// then too.
void watch(std::vector<ShownRun>& runs, const std::function<void(ShownRun&)>& measure,
           const std::function<void(const std::string& words)>& write);

}  // namespace robmask
