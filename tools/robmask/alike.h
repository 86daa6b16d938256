#pragma once
// Processes that do one run together have to be alike.

#include <string>
#include <vector>

#include "data/files/json.h"
#include "engine/processes.h"

namespace robmask {

/// Collective. InputError unless all compute on a CPU, or all on a GPU.
void require_same_machines(Processes& processes, const std::string& machine);

/// Collective: compares what they are going to do. InputError, naming the first difference and whose it
/// is, unless program, settings, data (the fingerprints of what was loaded) and the iteration that they go
/// on from are the same. Warns of processors whose kernels round in other ways.
void require_alike(Processes& processes, const Json& config, const std::vector<std::string>& data,
                   Index iteration);

}  // namespace robmask
