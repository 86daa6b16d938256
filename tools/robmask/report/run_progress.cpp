#include "tools/robmask/report/run_progress.h"

#include "training/checkpoint.h"

namespace robmask {

namespace {

/// The number that a setting is, if it is one.
Index setting(const Json& config, const char* name, Index otherwise) {
  const Json value = config.value(name, Json());
  return value.is_number_integer() ? value.get<Index>() : otherwise;
}

}  // namespace

RunProgress progress_of(const Path& run, const Json& config) {
  const Path path = run / "state.safetensors";
  if (!std::filesystem::exists(path)) return {};
  const SafeTensors state = read_safetensors(path);
  const auto counters = state.values<Index>("progress/counters");
  require(counters.size() == 5, "{}: expected five counters of progress, got {}", path.string(),
          counters.size());
  const Index epochs = counters[0], steps = counters[2];
  const Index all_epochs = setting(config, "epochs", epochs),
              all_steps = setting(config, "steps", std::numeric_limits<Index>::max());
  // The state is written first: until the model follows, it is that of the checkpoint before.
  const auto generation = [](const SafeTensors& file) {
    const auto said = file.metadata.find("generation");
    return said == file.metadata.end() ? "" : said->second;
  };
  return {epochs, all_epochs,
          (epochs >= all_epochs || steps >= all_steps) &&
              generation(state) == generation(read_weights(run))};
}

}  // namespace robmask
