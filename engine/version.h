#pragma once

#include <string_view>

namespace robmask {

/// Recorded with runs and results.
inline constexpr std::string_view version = "0.1.0";
/// The day of that version, which the manual page bears.
inline constexpr std::string_view version_date = "2026-11-28";

}  // namespace robmask
