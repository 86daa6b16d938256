#pragma once
// Several passes over a batch's N images, done as one over B·N: pass b in images b·N … (b+1)·N,
// with a segment of its own; clean passes first.

#include "training/recipe.h"

namespace robmask {

/// What passes over the same images, or with the same labels, begin with: x, `count` times.
Tensor repeated(const Tensor& x, Index count);

/// Adds the cross entropies and logits of passes, of which the first `clean` are over clean images.
/// What is minimized is their mean; hits are those of the first pass.
void add_passes(const Totals& totals, const Batch& batch, const Tensor& logits,
                const Tensor& losses, Index clean);

}  // namespace robmask
