#pragma once
// A step over a batch that is cut into shards, on one process or several (docs/shards.md). A shard is
// attacked, normalized by its own statistics and differentiated as if it were a batch, as in PyTorch's
// DistributedDataParallel; gradients and totals are added up in one fixed order, so the number of
// processes and threads changes no bit. Of one shard it is a plain step.

#include <map>

#include "engine/shard_sum.h"
#include "training/recipe.h"
#include "training/sgd.h"
#include "training/shard_rows.h"

namespace robmask {

/// What is trained, and how: each shard by a recipe of its own.
struct TrainedModel {
  const Model& model;
  std::function<std::unique_ptr<Recipe>()> make_recipe;
  Sgd& sgd;
};

/// A shard of a batch.
struct Shard {
  Index number = 0;
  Shards images = {};  // of the batch; none where it has fewer images than shards
  double share = 1;    // of its images
  Batch batch = {};
};

class ShardedStep {
 public:
  ShardedStep(const TrainedModel& trained, const TrainSettings& settings, Processes& processes);

  /// The shards that this process has of a batch of so many images, in the order in which they are
  /// worked on, from the last to the first: the running statistics follow those of the first one of
  /// all, and the others attack by those of the step before. Their batches have no memory yet.
  std::vector<Shard> shards_of(Index images);
  /// Host work before the step: Recipe::prepare() for each of them, over its `ids`.
  void prepare(Index step, const Shard& shard, const std::vector<std::int32_t>& ids);
  /// Machine work only, so that it can be replayed: passes, sums, the parameters' update. Adds to the
  /// totals.
  void operator()(const std::vector<Shard>& shards, const Totals& totals);

  /// Collective, between steps: whether all processes say yes.
  bool all_say(bool yes);

  /// Bytes of gradients that this process has sent; and that had arrived before the backward pass
  /// was over.
  std::size_t sent() const { return gradients_.sent(); }
  std::size_t sent_early() const { return gradients_.sent_early(); }

 private:
  void begin(const Shard& shard);
  void write_gradients_of(Index shard);
  void pass(const Shard& shard);
  void share_statistics();
  void pack_statistics() const;
  void take_statistics() const;

  const TrainSettings& settings_;
  Backend& machine_;
  Sgd& sgd_;
  Processes& processes_;
  std::unique_ptr<Link> link_;
  std::map<Index, std::unique_ptr<Recipe>> recipes_;  // by shard
  std::map<const GradientSlot*, Index> numbers_;      // of the trained parameters
  ShardSum gradients_, totals_;
  Turns turns_;
  Meeting meeting_;
  std::vector<Tensor> statistics_;  // the running ones
  Tensor packed_;                   // all of them in a row
  std::unique_ptr<Transfer> statistics_under_way_;
};

}  // namespace robmask
