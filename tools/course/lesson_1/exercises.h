#pragma once
// Exercises of docs/course/1-tensor.md.

#include "engine/tensor.h"

namespace robmask::course {

/// 1.1  Where in memory, counted in elements from the first one, a map N·H·W·C with `pitch` elements
/// from one pixel to the next has image n, row h, column w, channel c.
Index place_of(const Shape& shape, Index pitch, Index n, Index h, Index w, Index c);

}  // namespace robmask::course
