#include "engine/check.h"

namespace robmask {

void throw_input_error(fmt::string_view text, fmt::format_args args) {
  throw InputError(fmt::vformat(text, args));
}

void throw_logic_error(fmt::string_view text, fmt::format_args args) {
  throw std::logic_error(fmt::vformat(text, args));
}

}  // namespace robmask
