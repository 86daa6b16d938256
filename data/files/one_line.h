#pragma once
// Messages that stay one line whatever names and values they hold.

#include <string>
#include <string_view>

namespace robmask {

/// `text` with control characters, line breaks and bytes that are no UTF-8 escaped: \x0a. Of more
/// than `longest` bytes the middle gives way to "…": a message begins with what is wrong and ends
/// with what to do.
std::string one_line(std::string_view text, std::size_t longest = 2000);

}  // namespace robmask
