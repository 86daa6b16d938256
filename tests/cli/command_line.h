#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/robmask/options/command_line.h"
#include "tools/robmask/options/stored_settings.h"

namespace robmask {

/// What config.json would hold of a command: every option under its name.
inline Json settings_of(const CommandLine& line) {
  return config_json(line.name, line.options, line.command->common(), "avx2");
}
/// Those that a command line gives.
inline Json settings(const std::vector<std::string>& arguments) {
  return settings_of(parse(arguments));
}

/// A command line with every default settled.
inline CommandLine resolved(const std::vector<std::string>& arguments,
                            const std::string& machine = "cpu") {
  CommandLine line = parse(arguments);
  resolve(line, machine);
  return line;
}

/// The one line that refuses a command line, or "" if it is accepted.
inline std::string refusal(const std::vector<std::string>& arguments) {
  try {
    parse(arguments);
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "";
}

}  // namespace robmask
