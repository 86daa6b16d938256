#pragma once
// The loop around a recipe: epochs, batches, the log, checkpoints, and stopping well.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "training/checkpoint.h"
#include "training/images.h"
#include "training/manners.h"
#include "training/recipe.h"

namespace robmask {

/// What a trainer works with; all of it outlives the trainer.
struct TrainingRun {
  const TrainSettings& settings;
  const Model& model;
  Recipe& recipe;
  Sgd& sgd;
  const Images& train;
  const Images& test;  // may be empty: then nothing is measured on it
  CheckpointInfo info;
  std::filesystem::path dir;
};

/// One row of log.csv.
struct EpochSummary {
  Index epoch = 0;
  double lr = 0, train_loss = 0, loss_clean = 0, loss_adv = 0, train_acc = 0;
  std::optional<double> test_acc, test_acc_mask_max;
  double seconds = 0;
  /// Accuracy on a few training images under the training attack, and under a stronger one: a large
  /// gap is catastrophic overfitting (Wong et al. 2020).
  std::optional<double> probe_training_attack, probe_pgd;
};

class Trainer {
 public:
  explicit Trainer(const TrainingRun& run);
  ~Trainer();

  /// Goes on from the run directory's state.
  void resume();
  /// Trains to the last epoch or the settings' last step and returns the last epoch's summary. Writes
  /// a checkpoint after every epoch. On SIGINT or SIGTERM writes one and throws Interrupted. A loss
  /// that is not finite, or a device that fails, throws RunError and leaves the last checkpoint as it
  /// is; where memory does not suffice, the OutOfMemory says which batch would fit.
  EpochSummary run();

  Index steps() const { return state_.step; }

 private:
  double rate(Index epoch) const;
  bool finished() const;
  void train_epoch(Progress& progress);
  void iterate(std::span<const std::int32_t> ids);
  struct Iteration;
  Iteration& iteration_of(Index images);
  void fill_and_run(Iteration& iteration, std::span<const std::int32_t> ids);
  Index batch_that_fits(std::span<const std::int32_t> ids);
  void check_finite() const;
  void read_totals();
  EpochSummary end_epoch();
  void probe(EpochSummary& summary) const;
  void log(const EpochSummary& summary) const;
  void save();

  TrainingRun run_;
  RunState state_;
  Totals totals_;
  std::map<Index, std::unique_ptr<Iteration>> iterations_;  // by the size of their batch
};

}  // namespace robmask
