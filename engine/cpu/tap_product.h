#pragma once
// The product behind a convolution and its input gradient ("indirect convolution", Dukhan 2019): a
// matrix product whose left rows are gathered through pointers, so no patch matrix is ever built.

#include "engine/cpu/output_map.h"
#include "engine/cpu/taps.h"

namespace robmask::ROBMASK_ISA {

/// Weight of tap t from channel `depth` to channel `column` of a group, as strides in elements.
template <class T>
struct WeightView {
  const T* data;
  Index tap, group, depth, column;
};

/// For each group and image:
///   written[taps.written[p]][·] = Σ_t read[taps.read[t][p]]·weight_t, and what `written` makes of it
/// `depth` and `columns` count the channels of a group on the read and the written side. Sums run
/// over blocks of depth, then taps, then channels, whatever the batch and the number of threads.
template <class T>
struct TapProduct {
  const Taps& taps;
  OutputMap<T> written;
  Index pixels;  // of an image of the written map
  PixelView<T> read;
  WeightView<T> weight;
  Index images, groups, depth, columns;
};

/// `scratch` is the machine that memory for repacked weights is taken from.
template <class T>
void multiply_taps(const TapProduct<T>& product, Backend& scratch);

}  // namespace robmask::ROBMASK_ISA
