#pragma once
// Convolutions of a 3×3 window with a quarter of the multiplications; docs/convolution.md.

#include "engine/cpu/tap_product.h"

namespace robmask::ROBMASK_ISA {

/// written[h, w][·] = [old +] Σ over kh, kw < 3 of read[h + kh − pad, w + kw − pad][·]·weight_{3·kh + kw},
/// where read is zero outside of its map. `weight` has one group.
struct Correlation {
  Tensor written, read;
  Index pad;
  WeightView<float> weight;
  bool add;
};

/// Whether the shapes of an image allow it and make it the faster way. The batch has no say, so an image
/// has the same bits in any.
bool winograd_pays(const Shape& written, const Shape& read, const Window& window);

/// `scratch` is the machine that memory for transformed weights and pixels is taken from.
void multiply_winograd(const Correlation& correlation, Backend& scratch);

}  // namespace robmask::ROBMASK_ISA
