#pragma once
// log.csv of a run: one row an epoch, flushed.

#include <filesystem>
#include <optional>
#include <vector>

#include "engine/shape.h"

namespace robmask {

/// One row of log.csv.
struct EpochSummary {
  Index epoch = 0;
  double lr = 0, train_loss = 0, loss_clean = 0, loss_adv = 0, train_acc = 0;
  std::optional<double> test_acc = {}, test_acc_mask_max = {};
  double seconds = 0;
  /// Accuracy on a few training images under the training attack, and under a stronger one: a large
  /// gap is catastrophic overfitting (Wong et al. 2020).
  std::optional<double> probe_training_attack = {}, probe_pgd = {};
};

/// Adds a row; a new file gets its heading first.
void append_epoch(const std::filesystem::path& log, const EpochSummary& epoch);

/// The rows up to an epoch, with the six digits that the file keeps; none of a file that is missing.
/// InputError, naming the file, for a row that is none of such a log.
std::vector<EpochSummary> logged_epochs(const std::filesystem::path& log, Index up_to);

}  // namespace robmask
