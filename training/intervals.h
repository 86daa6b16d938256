#pragma once
// How sure a measured accuracy is.

#include <array>

#include "engine/shape.h"

namespace robmask {

/// The 95 % Wilson score interval (z = 1.959964) of `hits` successes in `n` trials; {0, 1} for n = 0.
std::array<double, 2> wilson_interval(Index hits, Index n);

}  // namespace robmask
