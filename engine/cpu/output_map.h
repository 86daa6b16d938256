#pragma once
// The map that a product writes, and what becomes of a sum on its way there:
//   y = [gate > 0] · max([old +] sum + shift + residual, floor)
// A shift, a residual and a floor of 0 are a mask whose scale is in the weights; the gate is the
// result of such a mask, whose gradient this is. Each of them may be missing.

#include <limits>

#include "engine/backend.h"
#include "engine/cpu/rows.h"

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
  bool is_plain() const { return !shift && !gate.data; }

  /// Asks memory for what finish() will read besides the sums, while these are computed.
  template <int count>
  void prefetch(Index p, Index channel) const {
    for (const PixelView<T>* map : {&residual, &gate})
      for (int c = 0; c < count && map->data; c += 64 / static_cast<int>(sizeof(T)))
        __builtin_prefetch(map->data + p * map->pitch + channel + c);
  }

  /// Makes of the sums that were stored as `count` channels of pixel p of all, from one on, what they
  /// become; they are still in the first-level cache. A mask has a shift.
  void finish(Index p, Index channel, Index count) const {
    const auto at = [&](const PixelView<T>& map) { return map.data + p * map.pitch + channel; };
    T* const y = at(to);
    if (shift && residual.data) {
      const T *b = shift + channel, *r = at(residual);
#pragma omp simd
      for (Index c = 0; c < count; ++c) {
        const T sum = y[c] + b[c] + r[c];
        y[c] = floor > sum ? floor : sum;
      }
    } else if (shift) {
      const T* b = shift + channel;
#pragma omp simd
      for (Index c = 0; c < count; ++c) {
        const T sum = y[c] + b[c];
        y[c] = floor > sum ? floor : sum;
      }
    }
    if (gate.data) {
      const T* z = at(gate);
#pragma omp simd
      for (Index c = 0; c < count; ++c) y[c] = gated(y[c], z[c]);
    }
  }
};

}  // namespace robmask::ROBMASK_ISA
