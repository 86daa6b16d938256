#pragma once
// Accuracy on corrupted images: --corruptions.

#include "tools/robmask/evaluation_settings.h"
#include "tools/robmask/journal.h"
#include "training/checkpoint.h"

namespace robmask {

/// An entry of "corruptions": accuracy of the model at mask p on each corruption of
/// settings.corruptions at severities 1 to 5, and their plain mean (RobustBench's figure, not
/// Hendrycks's mCE). `name` tells the model from others in the journal, which process 0 has.
/// Collective: every process counts a range of the images.
///   {"mask": p, "n": images of a severity, "mean_accuracy": …, "corruptions":
///     [{"corruption": "fog", "accuracy": [5], "interval": [5], "mean_accuracy": …}, …]}
Json corruption_report(const EvaluationSettings& settings, const std::string& name,
                       const LoadedModel& model, double p, Journal* journal, Processes& processes);

}  // namespace robmask
