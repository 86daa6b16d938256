#pragma once
// What a run directory says of its training.

#include "data/files/csv.h"
#include "data/files/json.h"

namespace robmask {

struct RunFiles {
  Json config;   // config.json
  CsvTable log;  // log.csv

  /// The data the run was trained on, as --data takes it.
  std::string data() const { return config["data"]; }
};

/// Reads config.json and log.csv of a finished or interrupted run. InputError names the run and the
/// file that is missing (model.safetensors too) or that is none of a run's.
RunFiles read_run(const Path& run);

/// The names of runs on a page: their folders' names, or where two have the same, all paths as given.
std::vector<std::string> run_names(const std::vector<std::string>& runs);

}  // namespace robmask
