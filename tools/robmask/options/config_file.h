#pragma once

#include <map>
#include <string>
#include <string_view>

#include "data/files/input_file.h"

namespace robmask {

/// The keys and values of a configuration file in TOML, `_` in keys turned to `-`, the items of
/// lists a line each. Keys stand alone, or in a section [train], [evaluate], … for one command, of which
/// those of `command` count. InputError names the file and the line of a key that is set twice.
std::map<std::string, std::string> read_config_file(const Path& path, std::string_view command);

/// "attack_steps" → "attack-steps"
std::string dashed(std::string name);

}  // namespace robmask
