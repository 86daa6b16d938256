#pragma once
// What is known of single images, by their numbers.

#include <cstdint>
#include <map>

namespace robmask {

/// Attacks finish images in the order of their slots. What they hand out is kept in this and never in a
/// list: it has no other place for a value than its image's own.
template <class T>
using PerImage = std::map<std::int32_t, T>;

}  // namespace robmask
