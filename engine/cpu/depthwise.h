#pragma once
// Convolutions whose groups are single channels: a sum over taps for each channel, by itself.

#include "engine/cpu/output_map.h"
#include "engine/cpu/taps.h"

namespace robmask::ROBMASK_ISA {

/// For each image and channel c:
///   written[taps.written[p]][c] = Σ_t read[taps.read[t][p]][c]·weight_t[c]
/// and what `written` makes of it, the same bits in any batch. Of a convolution and of its input
/// gradient, by their taps.
template <class T>
struct DepthwiseProduct {
  const Taps& taps;
  OutputMap<T> written;
  Index pixels;  // of an image of the written map
  PixelView<T> read;
  const T* weight;
  Index weight_pitch;  // from one tap to the next
  Index images, channels;
};

inline bool is_depthwise(const Window& window, Index in, Index out) {
  return window.groups > 1 && window.groups == in && in == out;
}

template <class T>
void multiply_depthwise(const DepthwiseProduct<T>& product);

}  // namespace robmask::ROBMASK_ISA
