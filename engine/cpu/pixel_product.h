#pragma once
// The product behind the weight gradient:
//   dw[tap, ci, co] = Σ over pixels p of x[p at tap, ci]·dy[p, co]

#include "engine/backend.h"

#ifndef ROBMASK_ISA
#define ROBMASK_ISA generic
#endif

namespace robmask::ROBMASK_ISA {

/// dw = [dw +] the sum above, over all images in their order. Threads share out the elements of dw,
/// so that none is summed by two. `scratch` is the machine that gives memory for repacked dy.
template <class T>
void multiply_pixels(const Sink& dw, const Tensor& dy, const Tensor& x, const Window& window,
                     Backend& scratch);

}  // namespace robmask::ROBMASK_ISA
