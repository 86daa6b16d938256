#pragma once
// What train and finetune do alike: options, checks, and the run in its directory.

#include <set>
#include <string>
#include <vector>

#include "data/files/json.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/options/network.h"
#include "training/recipe.h"

namespace robmask {

class TrainingCommand : public Command {
 public:
  CommonSettings& common() override { return common_; }
  void check() override;
  std::set<std::string> unused() override;
  void resolve() override;
  Precision precision_on_cuda() const override { return Precision::bf16; }
  Path continued_run() override { return resume_ ? common_.out : ""; }
  bool shares_work() const override { return true; }

 protected:
  /// What concerns the run directory, and all but that, the method and the network.
  void add_run(Options& options);
  void add_training(Options& options);
  /// "runs/a/" → "runs/a", which has a name to move aside.
  Path run_directory() const;
  /// A name for a new run, runs/<method>-<model>-<time>, in local time, where --out says none.
  void name_run(const std::string& model);
  /// Trains `trained` of a model into the run directory, each shard by a recipe of its own, and prints
  /// what came of it. `info` describes the network; what this training makes of it is filled in.
  int train(const Model& model, const std::function<std::unique_ptr<Recipe>()>& recipe,
            const std::vector<Variable>& trained, const Dataset& data, CheckpointInfo info,
            const std::string& command);

  CommonSettings common_;
  NetworkSettings network_;
  TrainSettings s_;
  bool resume_ = false;
  std::optional<Index> shards_;  // of a batch; resolved: set
  std::string init_;             // a file with starting weights; empty: fresh ones

 private:
  bool prepare_directory() const;
};

}  // namespace robmask
