#include "tools/robmask/help/command_table.h"

#include "tools/robmask/options/command_line.h"

namespace robmask {

std::vector<CommandTable> command_tables() {
  std::vector<CommandTable> tables;
  for (const CommandEntry& entry : commands()) {
    Options own;
    CommandTable table{entry, entry.make(), {}};
    table.command->add_options(own);
    Option help, config;
    help.name = "help", help.help = help_of_help, help.flag = true;
    config.name = "config", config.help = help_of_config, config.path = true;
    table.options = {help, config};
    table.options.insert(table.options.end(), own.list().begin(), own.list().end());
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<std::string> flags_of(const Option& option) {
  std::vector<std::string> flags{"--" + option.name};
  if (!option.alias.empty()) flags.push_back("--" + option.alias);
  return flags;
}

}  // namespace robmask
