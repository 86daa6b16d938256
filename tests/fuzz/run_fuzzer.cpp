// What report reads of a run: config.json, a zero byte, log.csv.

#include "engine/backend.h"
#include "tests/fuzz/mutators.h"
#include "tools/robmask/report/run_files.h"
#include "tools/robmask/report/tables.h"

namespace robmask::fuzz {

namespace {

/// The parts apart, one changed.
std::string other_run(std::string input, std::size_t most, Random& random) {
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string config = input.substr(0, end), rest = input.substr(end);
  return random() % 2 ? other_json(config, most, random) + rest
                      : config + other_bytes(rest, most, random);
}

}  // namespace

const Reader run(
    "run",
    [](std::string_view input) {
      static const Path folder = scratch() / "report";
      if (std::filesystem::create_directories(folder)) {
        CheckpointInfo info;
        info.spec.width = 1;
        save_model(folder / "model.safetensors", Model(backend("cpu"), DType::f32, info.spec, 0),
                   info);
      }
      const std::size_t end = std::min(input.find('\0'), input.size());
      put("report/config.json", input.substr(0, end));
      put("report/log.csv", input.substr(std::min(end + 1, input.size())));
      accepted("report", [&] {
        const RunFiles files = read_run(folder);
        log_table(files.log);
        settings_table(files.config);
      });
    },
    other_run);

}  // namespace robmask::fuzz
