#pragma once
// Every command with all that it takes, for texts that are made of that.

#include "tools/robmask/options/command.h"

namespace robmask {

struct CommandTable {
  const CommandEntry& entry;
  std::unique_ptr<Command> command;  // which the options are bound to
  std::vector<Option> options;       // --help and --config, then those of its table
};

/// In the order of --help.
std::vector<CommandTable> command_tables();

/// "--attack-steps", "--steps": the option's names as they are typed.
std::vector<std::string> flags_of(const Option& option);

}  // namespace robmask
