#include "tools/robmask/options/config_file.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "engine/check.h"

namespace robmask {

std::string dashed(std::string name) {
  std::ranges::replace(name, '_', '-');
  return name;
}

std::map<std::string, std::string> read_config_file(const Path& path, std::string_view command) {
  std::istringstream text(read_text(path, 1 << 20));
  std::map<std::string, std::string> shared, own;
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(text)) {
    const bool section_mark = item.name == "++" || item.name == "--";
    const std::string section = item.parents.empty() ? "" : item.parents.front();
    require(item.parents.size() <= 1 && (section.empty() || is_command(section)),
            "{}: expected sections named after a command, such as [train], got [{}]", path.string(),
            fmt::join(item.parents, "."));
    if (section_mark || (!section.empty() && section != command)) continue;
    const auto [place, fresh] =
        (section.empty() ? shared : own)
            .emplace(dashed(item.name), fmt::to_string(fmt::join(item.inputs, ",")));
    require(fresh, "{}: \"{}\" is set twice", path.string(), place->first);
  }
  own.merge(shared);
  return own;
}

}  // namespace robmask
