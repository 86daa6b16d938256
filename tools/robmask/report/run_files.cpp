#include "tools/robmask/report/run_files.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "engine/check.h"

namespace robmask {

namespace fs = std::filesystem;

RunFiles read_run(const Path& run) {
  if (fs::is_regular_file(run))
    return {{{"from", run.string()}}, {{"epoch"}, {}}, read_info(run, {})};
  require(fs::is_directory(run),
          "{}: expected a run directory or a weights file, found nothing of that name",
          run.string());
  for (const char* name : {"config.json", "log.csv", "model.safetensors"})
    require(fs::exists(run / name),
            "{}: expected a run directory with config.json, log.csv and model.safetensors; {} is "
            "missing: has the run finished its first epoch?",
            run.string(), name);
  RunFiles files;
  files.config = read_json(run / "config.json");
  files.log = read_csv(run / "log.csv");
  require(files.config.is_object(), "{}: expected the settings of a run, found none",
          (run / "config.json").string());
  files.log.column("epoch", (run / "log.csv").string());
  files.info = read_info(run, {});
  return files;
}

std::vector<std::string> run_names(const std::vector<std::string>& runs) {
  std::vector<std::string> names;
  std::ranges::transform(runs, std::back_inserter(names), [](const std::string& run) {
    return fs::weakly_canonical(run).filename().string();
  });
  return std::set(names.begin(), names.end()).size() == runs.size() ? names : runs;
}

}  // namespace robmask
