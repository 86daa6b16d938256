#pragma once
// Exercises of docs/course/1-tensor.md.

#include <vector>

#include "engine/tensor.h"

namespace robmask::course {

/// 1.1  Turns every image of `map`, an f32 tensor N·H·W·C on the CPU, left to right: afterwards the
/// pixel in row h and column w has the channels that the one in row h and column W − 1 − w had. The
/// map may be a view of some channels of a larger map (pitch > C); channels that it does not see stay
/// as they are.
void mirror(const Tensor& map);

/// 1.2  A new contiguous map with the channels of all `parts` side by side, in the order of the list:
/// N·H·W·ΣC, on their machine and of their type. There is at least one part; parts have the same N, H
/// and W, and may be views.
Tensor side_by_side(const std::vector<Tensor>& parts);

}  // namespace robmask::course
