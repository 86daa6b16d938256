#include "tools/robmask/options/run_data.h"

#include <algorithm>

#include "data/files/json.h"

namespace robmask {

namespace {

/// The config.json that goes with weights, or a path where there is nothing.
Path config_of(const Path& from) {
  std::error_code none;  // a name that cannot be is not there
  return (std::filesystem::is_directory(from, none) ? from : from.parent_path()) / "config.json";
}

}  // namespace

void follow_data(CommonSettings& common, const Path& from, const std::string& otherwise) {
  if (!common.data.empty()) return;
  common.data = otherwise;
  common.data_origin = "the default: no config.json beside the weights names others";
  const Path config = config_of(from);
  std::error_code none;
  const Json run = std::filesystem::exists(config, none) ? read_json(config) : Json();
  if (!run.is_object() || !run.value("data", Json()).is_string()) return;
  common.data = run["data"];
  common.data_origin = fmt::format("the run's own, from {}", config.string());
  const auto stored = [&](const char* option) {
    return std::ranges::count(common.given, option) == 0 ? run.value(option, Json()) : Json();
  };
  const Json most = stored("max-pixels"), broken = stored("broken-images");
  if (most.is_number_integer() && most > 0) common.max_pixels = most.get<Index>();
  if (!broken.is_string()) return;
  try {
    common.broken_images = from_string<BrokenImages>(broken.get<std::string>());
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: broken-images: {}", config.string(), error.what()));
  }
}

}  // namespace robmask
