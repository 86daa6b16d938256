#pragma once
// The loop around a recipe: epochs, batches, the log, checkpoints, and stopping well.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "training/best_model.h"
#include "training/checkpoint.h"
#include "training/epoch_log.h"
#include "training/event_file.h"
#include "training/images.h"
#include "training/recipe.h"
#include "training/run_state.h"
#include "training/sharded_step.h"
#include "training/terminal.h"

namespace robmask {

/// What it is trained on, and tested on: perhaps no images, then nothing is measured.
struct DataSplits {
  const Images &train, &test;
};
/// Where a run is kept, and what its weights say of themselves.
struct RunFolder {
  CheckpointInfo info;
  std::filesystem::path dir;
};

class Trainer {
 public:
  /// All of what is referred to outlives the trainer. InputError if the best weights are to be kept
  /// and there are no test images to choose by. The processes do one run together, each with a
  /// trainer of the same settings: the first one writes, and says lines.
  Trainer(const TrainSettings& settings, const TrainedModel& trained, const DataSplits& splits,
          const RunFolder& folder, Processes& processes = robmask::processes());
  ~Trainer();

  /// Takes up the run directory's state. InputError, naming the file, if it is damaged or of
  /// another run, or if the log is. Writes nothing.
  void resume();
  /// Trains to the last epoch or the settings' last step and returns the last epoch's summary.
  /// Writes a checkpoint and says a line after every epoch. Mends first what a kill left half done:
  /// a model older than the resumed state, rows of the log and events that it does not know. On SIGINT or
  /// SIGTERM writes one and throws Interrupted. A loss, weight or statistic that is not finite, or
  /// a device that fails, throws RunError and leaves the last checkpoint as it is; where memory
  /// does not suffice, the OutOfMemory says which batch would fit.
  EpochSummary run();

  Index steps() const { return state_.step; }
  const ShardedStep& step() const { return step_; }
  /// The epoch whose weights model-best.safetensors holds; none unless the settings keep the best,
  /// nor before a whole epoch was tested.
  const std::optional<BestEpoch>& best() const { return best_; }

 private:
  std::filesystem::path log_path() const { return folder_.dir / "log.csv"; }
  std::filesystem::path best_path() const { return folder_.dir / best_model_name; }
  std::filesystem::path events_path() const { return folder_.dir / event_file_name; }
  bool trained() const;
  bool finished() const;
  void tell(Progress& progress, const std::string& what) const;
  void train_epoch(Progress& progress);
  void iterate(std::span<const std::int32_t> ids);
  struct Iteration;
  Iteration& iteration_of(Index images);
  void fill_and_run(Iteration& iteration, std::span<const std::int32_t> ids);
  Index batch_that_fits(std::span<const std::int32_t> ids);
  void stop_together() const;
  RunError diverged(const std::string& what) const;
  void check_finite() const;
  void read_totals();
  Index last_logged() const;
  void mend() const;
  const EpochSummary& last_row() const;
  EpochSummary end_epoch(Progress& progress);
  bool keep_best();
  void save_checkpoint();

  const TrainSettings& settings_;
  TrainedModel trained_;
  DataSplits splits_;
  RunFolder folder_;
  Processes& processes_;
  TrainingImages images_;
  RunState state_;
  std::optional<EpochSummary> logged_;  // the last row of the log
  std::optional<BestEpoch> best_;
  Totals totals_;
  ShardedStep step_;
  std::map<Index, std::unique_ptr<Iteration>> iterations_;  // by the size of their batch
};

}  // namespace robmask
