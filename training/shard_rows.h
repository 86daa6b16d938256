#pragma once
// Rows that shards share in the middle of a pass (engine/shared_rows.h), those of one process taking
// turns.

#include "engine/link.h"
#include "engine/shard_sum.h"
#include "engine/shared_rows.h"
#include "engine/turns.h"

namespace robmask {

/// Where the shards of a process meet, and with them those of the others.
struct Meeting {
  Processes& processes;
  Link& link;
  int tag;
  Shards own;
  Turns& turns;  // of the process's shards, the last one first
  /// Called when a shard goes on after others had their turn.
  std::function<void(Index shard)> resume;
  Tensor table = {};  // what they are filling

  /// From each process the rows of its shards, to all.
  void exchange(Index shards) const;
};

class ShardRows final : public SharedRows {
 public:
  ShardRows(Meeting& meeting, Index shard, std::vector<double> shares)
      : SharedRows(shard, std::move(shares)), meeting_(meeting) {}
  Tensor all(const Tensor& own) override;

 private:
  Meeting& meeting_;
};

}  // namespace robmask
