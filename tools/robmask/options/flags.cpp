#include "tools/robmask/options/flags.h"

#include <set>

#include "tools/robmask/options/command.h"
#include "tools/robmask/options/config_file.h"

namespace robmask {

namespace {

std::set<std::string> names_of_options() {
  std::set<std::string> names;
  for (const CommandEntry& entry : commands()) {
    Options options;
    const std::unique_ptr<Command> command = entry.make();
    command->add_options(options);
    for (const Option& option : options.list()) names.insert(option.name);
  }
  return names;
}

}  // namespace

std::string as_flags(const std::string& message) {
  static const std::set<std::string> options = names_of_options();
  std::string text;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = message[at] == '`' ? message.find('`', at + 1) : std::string::npos;
    const std::string name =
        end == std::string::npos ? "" : dashed(message.substr(at + 1, end - at - 1));
    const bool known = options.contains(name);
    text += known ? "--" + name : message.substr(at, 1);
    at = known ? end + 1 : at + 1;
  }
  return text;
}

}  // namespace robmask
