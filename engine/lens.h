#pragma once
// A mask whose statistics are known, and what may be kept of it.

#include <memory>
#include <unordered_map>

#include "engine/tensor.h"

namespace robmask {

/// The mask of each channel as a lens: x̂ = (x − mean)·inverse and γ·x̂ + β = x·scale + shift. Its
/// parts are shared {1,1,1,C} or per image {N,1,1,C}, each on its own.
struct Lens {
  Tensor mean, inverse, scale, shift;
};

/// What an attack's first pass in eval mode makes of a mask, for those after it: parameters stay as
/// they are while it runs.
struct KeptMask {
  Lens lens;
  Tensor weight;  // of the convolution ahead: w·scale, a column each
};

/// Those of a network, by the gradient slot of the mask's weights.
using KeptMasks = std::unordered_map<const void*, KeptMask>;

}  // namespace robmask
