#pragma once
// Convolutions of a 3×3 window with a quarter of the multiplications; docs/convolution.md.

#include "engine/cpu/tap_product.h"

namespace robmask::ROBMASK_ISA {

/// Whether the shapes of an image (y: output, x: input) allow it and make it the faster way. The
/// batch has no say, so an image has the same bits in any.
bool winograd_pays(const Shape& y, const Shape& x, const Window& window);

/// In each group, written[h, w][·] = Σ over kh, kw < 3 of
///     read[h + kh − pad, w + kw − pad][·]·weight_{3·kh + kw},
/// where read is zero outside of its map, and what `written` makes of it.
struct Correlation {
  OutputMap<float> written;
  Shape shape;  // of what is written
  Tensor read;
  Index pad, groups;
  WeightView<float> weight;
};

/// `scratch` is the machine that memory for transformed weights and pixels is taken from.
void correlate_winograd(const Correlation& correlation, Backend& scratch);

/// The same for the weight gradient, where the batch counts: sums must be long enough to pay for
/// their transform.
bool winograd_gradient_pays(const Shape& dy, const Shape& x, const Window& window);

/// In each group, dw[kh, kw, ·, ·] = [old +] Σ over images, h and w of
///     x[h + kh − pad, w + kw − pad]ᵀ·dy[h, w].
void weight_gradient_winograd(const Sink& dw, const Tensor& dy, const Tensor& x,
                              const Window& window, Backend& scratch);

}  // namespace robmask::ROBMASK_ISA
