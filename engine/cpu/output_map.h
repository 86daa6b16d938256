#pragma once
// The map that a product writes, and what becomes of a sum on its way there:
//   y = [gate > 0] · max([old +] sum + shift + residual, floor)
// A shift, a residual and a floor of 0 are a mask whose scale is in the weights; the gate is the
// result of such a mask, whose gradient this is. Each of them may be missing.

#include <limits>

#include "engine/backend.h"
#include "engine/cpu/vector.h"

namespace robmask::ROBMASK_ISA {

/// A map as products see it: pixel p of image n is at data + n·image + p·pitch, and so is pixel
/// n·pixels + p of all. An empty tensor has none.
template <class T>
struct PixelView {
  T* data = nullptr;
  Index image = 0, pitch = 0;

  PixelView() = default;
  explicit PixelView(const Tensor& map) {
    if (!map) return;
    data = map.data<T>();
    image = map.shape().pixels() * map.pitch();
    pitch = map.pitch();
  }
};

template <class T>
struct OutputMap {
  PixelView<T> to;
  bool add;
  PixelView<T> residual, gate;
  const T* shift = nullptr;  // of each channel
  T floor = -std::numeric_limits<T>::infinity();

  explicit OutputMap(const Sink& sink, const Tensor& gate = {}, const FoldedMask& mask = {})
      : to(sink.to), add(sink.add), residual(mask.residual), gate(gate) {
    if (mask.shift) shift = mask.shift.data<T>();
    if (mask.relu) floor = T(0);
  }

  /// Whether a sum is stored as it is, or added.
  bool is_plain() const { return !shift && !residual.data && !gate.data && floor < T(0); }

  /// What `count` ≤ lanes sums of pixel p of all become, from a channel on.
  [[gnu::always_inline]] Vector<T> finished(Vector<T> y, Index p, Index channel,
                                            Index count) const {
    const auto at = [&](const PixelView<T>& map) {
      return load_some(map.data + p * map.pitch + channel, count);
    };
    if (shift) y += load_some(shift + channel, count);
    if (residual.data) y += at(residual);
    y = y < floor ? Vector<T>{} + floor : y;
    if (gate.data) y = at(gate) > T(0) ? y : Vector<T>{};
    return y;
  }
};

}  // namespace robmask::ROBMASK_ISA
