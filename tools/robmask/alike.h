#pragma once
// Processes that do one piece of work together have to be alike.

#include <string>

#include "data/files/json.h"
#include "engine/processes.h"

namespace robmask {

/// Collective. InputError unless all compute on a CPU, or all on a GPU.
void require_same_machines(Processes& processes, const std::string& machine);

/// Collective: compares what the processes are going to do. InputError, naming the first difference
/// and whose it is, unless the program, the options (but for those of each process: its device, its
/// threads, what it prints) and the `facts` are the same. Warns of processors whose kernels, which
/// Backend::kernels() names, round in other ways.
void require_alike(Processes& processes, const Json& options, const Json& facts,
                   const std::string& kernels);

}  // namespace robmask
