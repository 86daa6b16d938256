#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/robmask/options/parse.h"

namespace robmask {

/// The settings that a command line gives.
template <class S>
S parsed(const std::vector<std::string>& arguments) {
  return std::get<S>(parse(arguments));
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
