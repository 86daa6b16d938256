#pragma once
// From the words of a command line to a command that is ready to run. CLI11 splits the words and
// prints --help. What it lacks stands here and in options/: one table for flags, file, config.json
// and --help; errors of the form "expected …, got …"; the nearest name for a misspelt one; options
// that are given but not used; and settings that a stored run already has.

#include <memory>
#include <string>
#include <vector>

#include "tools/robmask/options/command.h"

namespace robmask {

/// What --help says of the options that every command has beside its table.
inline constexpr std::string_view help_of_help = "print this help",
                                  help_of_config = "TOML file of these options; flags override it";

/// What a command line asks for: a command with its settings, or a text to print on standard
/// output.
struct CommandLine {
  std::string name;                  // of the command
  std::unique_ptr<Command> command;  // null: print `text`
  Options options;                   // of the command
  std::string text = {};             // of --help, help and --version
};

/// Reads the arguments after the program's name. Each option comes from the first of these that has
/// it: the flags (the last one wins), the file of --config, and with --resume the config.json of
/// the run in --out; else it has its default. `_` may stand for `-` in names. Throws InputError in
/// one line that names the flag or the file's key: unknown ones (with the nearest name there is),
/// values that are no values, and values that are wrong together. A program that has one command
/// (tools/classify) takes no name of it.
CommandLine parse(const std::vector<std::string>& arguments);

/// Settles every default that depends on something else, for a machine of that name; and lists in
/// common.unused the given options that the command does not use. InputError for a precision that
/// the machine does not have, and for settings that a resumed run does not have.
void resolve(CommandLine& line, const std::string& machine);

}  // namespace robmask
