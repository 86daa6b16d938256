#pragma once

#include <string>

namespace robmask {

/// robmask(1): all commands with their options, defaults and examples, in the macros of man(7).
std::string man_page();

}  // namespace robmask
