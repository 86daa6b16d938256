#pragma once
// What ops in several files are made of.

#include "engine/ops.h"

namespace robmask {

/// The shape of x ⋆ w. std::logic_error if they do not fit.
Shape convolved(const Variable& x, const Variable& w, const Window& window);
/// x ⋆ w, into a variable if one is given; with the moments of it, if the machine can take them.
Variable convolve(const Variable& x, const Variable& w, const Window& window, const Variable& into,
                  bool with_moments);
/// The segment's mask for maps like z, made now if it is not kept yet.
KeptMask& kept_mask(const Tensor& z, const Segment& segment, const MaskState& state);

}  // namespace robmask
