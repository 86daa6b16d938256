#pragma once
// Work on n things of which every process does a range.

#include <string>
#include <vector>

#include "engine/shard_sum.h"

namespace robmask {

/// Collective: calls `work` with the range that is this process's and returns what all of them made
/// of theirs, by rank. Where a signal ends that of one, all throw Interrupted.
std::vector<std::string> in_ranges(Processes& processes, Index n,
                                   const std::function<std::string(const Shards& range)>& work);

}  // namespace robmask
