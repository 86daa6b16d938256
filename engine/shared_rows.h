#pragma once
// What the shards of a batch tell each other in the middle of a pass: batch norm whose statistics are
// those of all shards.

#include <memory>
#include <vector>

#include "engine/tensor.h"

namespace robmask {

class SharedRows {
 public:
  virtual ~SharedRows() = default;
  /// Collective among the shards, each in its own pass: all their rows {shards,1,1,C}, in order, for
  /// this shard's {1,1,1,C}.
  virtual Tensor all(const Tensor& own) = 0;
  /// The share of the batch's images that each shard has.
  const std::vector<double>& shares() const { return shares_; }
  double own_share() const { return shares_[shard_]; }

 protected:
  SharedRows(Index shard, std::vector<double> shares) : shard_(shard), shares_(std::move(shares)) {}

  Index shard_;
  std::vector<double> shares_;
};

}  // namespace robmask
