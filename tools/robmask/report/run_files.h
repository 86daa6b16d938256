#pragma once
// What a run directory says of its training; a weights file alone says little.

#include "data/files/csv.h"
#include "data/files/json.h"
#include "training/checkpoint.h"

namespace robmask {

struct RunFiles {
  Json config;   // config.json; of a weights file {"from": its path}
  CsvTable log;  // log.csv; of a weights file no rows
  CheckpointInfo info;
};

/// Reads config.json, log.csv and what the weights say of themselves of a finished or interrupted
/// run; or takes a weights file, such as the one of `interpolate --save`. InputError names the run
/// and the file that is missing (model.safetensors too) or that is none of a run's.
RunFiles read_run(const Path& run);

/// The names of runs on a page: their folders' names, or where two have the same, all paths as
/// given.
std::vector<std::string> run_names(const std::vector<std::string>& runs);

}  // namespace robmask
