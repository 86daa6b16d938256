#pragma once
// The curves of a run as TensorBoard reads them: an event file, in it a record an epoch.

#include <filesystem>
#include <vector>

#include "training/epoch_log.h"

namespace robmask {

/// The file in a run's directory. TensorBoard goes by "tfevents" in a name, and takes files in the
/// order of their names; one that stays the same is gone on with when the run is.
constexpr const char* event_file_name = "events.out.tfevents.robmask";

/// Appends what a row of log.csv holds, as scalars of step `epoch` and of the time it is now. What
/// is empty there has none, nor has the loss of images that the method does not train on.
void append_events(const std::filesystem::path& file, const EpochSummary& epoch);

/// Makes the file hold what `logged` does, the rows of the log that count: a record that names the
/// format, then one for each. Those that are there keep their bytes and times, later and damaged
/// ones go, missing ones are added.
void mend_events(const std::filesystem::path& file, const std::vector<EpochSummary>& logged);

}  // namespace robmask
