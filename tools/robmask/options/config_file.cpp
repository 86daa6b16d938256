#include "tools/robmask/options/config_file.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "engine/check.h"
#include "engine/shape.h"
#include "tools/robmask/options/command.h"

namespace robmask {

std::string dashed(std::string name) {
  std::ranges::replace(name, '_', '-');
  return name;
}

namespace {

/// An item of the file, and the line that it begins in.
struct Item : CLI::ConfigItem {
  Index line;
};

/// Does the list that a line begins go on in the next, as the parser sees it?
bool opens_list(const std::string& line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string::npos || line[0] == '#' || line[0] == ';') return false;
  std::string value = line.substr(equals + 1, line.find('#', equals) - equals - 1);
  CLI::detail::trim(value);
  return value.size() > 1 && value.front() == '[' && value.back() != ']';
}

/// The items of a file, parsed one by one: neighbours of one name would be taken for one list.
std::vector<Item> items_of(const std::string& text) {
  std::vector<Item> items;
  std::istringstream lines(text);
  std::string section;
  Index number = 0;
  for (std::string line; std::getline(lines, line);) {
    const Index first = ++number;
    CLI::detail::trim(line);
    const bool heading = line.starts_with('[') && line.ends_with(']');
    if (heading) section = line + '\n';
    std::string item = heading ? section : section + line;
    if (opens_list(line))
      for (bool open = true; open && std::getline(lines, line); ++number) {
        CLI::detail::trim(line);
        item += '\n' + line;
        open = !line.ends_with(']');
      }
    std::istringstream one(item);
    for (const CLI::ConfigItem& found : CLI::ConfigTOML().from_config(one))
      items.push_back({found, first});
  }
  return items;
}

}  // namespace

std::map<std::string, std::string> read_config_file(const Path& path, std::string_view command) {
  std::map<std::string, std::string> shared, own;
  for (const Item& item : items_of(read_text(path, 1 << 20))) {
    const bool section_mark = item.name == "++" || item.name == "--";
    const std::string section = item.parents.empty() ? "" : item.parents.front();
    const bool known = std::ranges::count(commands(), section, &CommandEntry::name) > 0;
    require(item.parents.size() <= 1 && (section.empty() || known),
            "{}: expected sections named after a command, such as [train], got [{}]", path.string(),
            fmt::join(item.parents, "."));
    if (section_mark || (!section.empty() && section != command)) continue;
    const auto [place, fresh] =
        (section.empty() ? shared : own)
            .emplace(dashed(item.name), fmt::to_string(fmt::join(item.inputs, "\n")));
    require(fresh, "{}: line {}: \"{}\" is set twice; keep one", path.string(), item.line,
            place->first);
  }
  own.merge(shared);
  return own;
}

}  // namespace robmask
