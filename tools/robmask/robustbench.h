#pragma once

#include "data/files/json.h"
#include "training/checkpoint.h"

namespace robmask {

/// A result as an entry of RobustBench's model_info (github.com/RobustBench/robustbench): what this
/// program cannot know (link, authors, venue) is left empty; autoattack_acc is filled by the
/// standard AutoAttack at its own numbers only, and the footnote says how the figures were
/// measured. `data` is --data.
Json robustbench_entry(const Json& result, const CheckpointInfo& model, const std::string& data);

}  // namespace robmask
