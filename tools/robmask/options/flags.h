#pragma once

#include <string>

namespace robmask {

/// A message of the library, which names its arguments in backticks, in words of the command line:
/// `attack_steps` becomes --attack-steps. What is the name of no option stays as it is.
std::string as_flags(const std::string& message);

}  // namespace robmask
