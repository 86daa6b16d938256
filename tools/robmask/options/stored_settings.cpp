#include "tools/robmask/options/stored_settings.h"

#include <set>

#include "engine/version.h"
#include "models/model.h"

namespace robmask {

namespace {

const std::set<std::string> of_the_call{"threads", "steps",  "out",    "json",
                                        "quiet",   "resume", "replay", "patience"};

/// A run that stopped at an image that is too large must be able to go on, and one that wrote no
/// curves may begin to.
bool may_differ(const std::string& option) {
  return of_the_call.contains(option) || option == "max-pixels" || option == "tensorboard";
}

/// The config.json of a run; an empty object if there is none yet.
Json stored_config(std::string_view command, const Path& run) {
  const Path path = run / "config.json";
  std::error_code none;  // a name that cannot be is not there
  if (run.empty() || !std::filesystem::exists(path, none)) return Json::object();
  Json stored = read_json(path);
  require(stored.is_object() && stored.value("command", Json()) == command,
          "{}: expected the settings of a {} run, which --resume continues", path.string(),
          command);
  return stored;
}

}  // namespace

Json config_json(std::string_view command, const Options& options, const CommonSettings& common,
                 const std::string& kernels) {
  Json json{{"command", command}, {"version", version}, {"kernels", kernels}};
  for (const Option& option : options.list()) json[option.name] = option.write();
  json["unused"] = common.unused;
  return json;
}

void take_stored_settings(std::string_view command, const Options& options,
                          std::vector<std::string>& given, const Path& run) {
  const Json stored = stored_config(command, run);
  const std::string model = Options::text_of(stored.value("model", Json()));
  const bool one_width = !model.empty() && !has_width(model);  // which resolve() filled in
  for (const Option& option : options.list()) {
    if (one_width && option.name == "width") continue;
    if (of_the_call.contains(option.name) || std::ranges::count(given, option.name) > 0) continue;
    const Json value = stored.value(option.name, Json());
    if (value.is_null()) continue;
    try {
      option.read(Options::text_of(value));
    } catch (const InputError& error) {
      throw InputError((run / "config.json").string() + ": " + error.what());
    }
  }
  for (const Json& name : stored.value("unused", Json::array()))
    if (name.is_string() && std::ranges::count(given, name.get<std::string>()) == 0)
      given.push_back(name);
}

void require_stored_settings(std::string_view command, const Options& options, const Path& run) {
  const Json stored = stored_config(command, run);
  if (stored.empty()) return;
  for (const Option& option : options.list()) {
    if (!stored.contains(option.name))
      continue;  // which the version that began the run did not have
    const std::string was = Options::text_of(stored.value(option.name, Json()));
    const std::string is = Options::text_of(option.write());
    require(may_differ(option.name) || was == is,
            "--{}: the run in {} has {}, got {}; resume it with the same value, or give another "
            "--out to start a new run",
            option.name, run.string(), printable(was), printable(is));
  }
}

}  // namespace robmask
