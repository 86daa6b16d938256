#pragma once

#include <string_view>

namespace robmask {

/// Recorded with runs and results.
inline constexpr std::string_view version = "0.1.0";

}  // namespace robmask
