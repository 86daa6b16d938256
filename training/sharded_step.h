#pragma once
// A step over a batch that is cut into shards, on one process or several (docs/shards.md). A shard is
// attacked, normalized by its own statistics and differentiated as if it were a batch, as in PyTorch's
// DistributedDataParallel; gradients and totals are added up in one fixed order, so the number of
// processes and threads changes no bit. Of one shard it is a plain step.

#include "engine/shard_sum.h"
#include "training/recipe.h"
#include "training/sgd.h"

namespace robmask {

/// What is trained, and how.
struct TrainedModel {
  const Model& model;
  Recipe& recipe;
  Sgd& sgd;
};

class ShardedStep {
 public:
  ShardedStep(const TrainedModel& trained, Index shards, Processes& processes);

  /// The shards that this process computes, from the last to the first: the first shard of all is
  /// the one whose statistics the running ones follow, and the others attack by those of the step
  /// before.
  const Shards& own() const { return totals_.own(); }
  /// The forward and backward passes of a shard, which has this share of the batch's images.
  void run(Index shard, double share, Batch batch);
  /// Once all of its shards are done: adds up, updates the parameters, and adds to the totals.
  void finish(const Totals& totals);

  /// Collective, between steps: whether all processes say yes.
  bool all_say(bool yes);

  /// Bytes of gradients that this process has sent; and that had arrived before the backward pass
  /// was over.
  std::size_t sent() const { return gradients_.sent(); }
  std::size_t sent_early() const { return gradients_.sent_early(); }

 private:
  void take_gradients_from(const ShardSum& sum) const;
  std::unique_ptr<Transfer> send_statistics();
  void take_statistics() const;

  TrainedModel trained_;
  Processes& processes_;
  std::unique_ptr<Link> link_;
  std::vector<Variable> parameters_;              // that are trained
  std::map<const GradientSlot*, Index> numbers_;  // of them
  ShardSum gradients_, totals_;
  std::vector<Tensor> statistics_;  // the running ones
  Tensor packed_;                   // all of them in a row
};

}  // namespace robmask
