#pragma once
// Labels as a NumPy array.

#include <cstdint>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

/// uint8, int32 or int64 [N], each from 0 to `most`. InputError, naming the file and the row, for others.
std::vector<std::int32_t> read_labels(const Path& file, Index most);

}  // namespace robmask
