// Rung 10: the engine, on one thread.
//
// Nothing new is computed: this is F(4×4, 3×3) again (engine/cpu/winograd.cpp), for any shape,
// padding and number of channels, in any batch with the same bits. What it does otherwise than rung
// 9:
//
// - Rows of a transform come in pairs, for a point t and −t. Their even terms are the same and
//   their odd ones differ in sign, so each is summed once (engine/cpu/winograd_transforms.h).
// - Here the weights are the larger side, 36 · 128 · 128 numbers once transformed, more than the
//   second cache level holds four times over. So they are never all in memory: those of 48 channels
//   and some columns are transformed, all squares are multiplied by them, and the next ones take
//   their place. With more images than columns a thread takes some squares through all stages
//   instead.
//
// Expected: the product of rung 9 unchanged, its transforms for less.

#include "engine/backend.h"
#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void engine(const Tensor& y, const Tensor& x, const Tensor& w) {
  y.machine().conv2d(y, x, w, {.kernel = K, .stride = 1, .pad = 1});
}

}  // namespace robmask::ladder
