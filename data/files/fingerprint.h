#pragma once
// A short name for a file's content.

#include <string>

#include "data/files/input_file.h"

namespace robmask {

/// Sixteen hexadecimal digits that change with the content: FNV-1a (Fowler, Noll and Vo) over the
/// file's bytes. It tells files apart; it is no protection against a forger.
std::string fingerprint(const Path& path);

}  // namespace robmask
