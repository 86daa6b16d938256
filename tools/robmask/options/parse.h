#pragma once
// From the words of a command line to settings.

#include <string>
#include <vector>

#include "tools/robmask/options/commands.h"

namespace robmask {

/// Reads the arguments after the program's name. Each option comes from the first of these that has
/// it: the flags (the last one wins), the file of --config, and with --resume the config.json of
/// the run in --out; else it has its default. `_` may stand for `-` in names. Throws InputError in
/// one line that names the flag or the file's key: unknown ones (with the nearest name there is),
/// values that are no values, and values that are wrong together.
Parsed parse(const std::vector<std::string>& arguments);

}  // namespace robmask
