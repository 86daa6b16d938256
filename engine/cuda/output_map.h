#pragma once
// The map that a product on tensor cores writes, and what becomes of a sum on its way there:
//   y = [gate > 0] · max(sum + shift + addend, floor)
// The addend is what was there (a gradient's second writer) or a residual; a shift and a floor of 0
// are a mask whose scale is in the weights; the gate is the result of such a mask, whose gradient
// this is. Each of them may be missing.

#include <bit>
#include <limits>

#include "engine/backend.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

/// The same as tensors.
struct Output {
  Sink to;
  Tensor gate = {};
  FoldedMask mask = {};
};

template <class Out>
struct OutputMap {
  Rows<Out> to, addend = {}, gate = {};
  const float* shift = nullptr;  // of each channel
  float floor = -std::numeric_limits<float>::infinity();
  bool wide = false;  // 16 bytes of neighbouring channels of bf16 can move at once, 8 of floats

  /// Nothing is to be done where the sums are 0.
  GPU_DEVICE bool adds_to_itself() const { return addend.data == to.data && !gate.exists(); }
  /// The sum of a channel without what is added from a map.
  GPU_DEVICE float shifted(float sum, Index channel) const {
    return shift == nullptr ? sum : sum + shift[channel];
  }
  GPU_DEVICE float clamped(float y) const { return gpu::maximum(floor, y); }

  /// Stores the sums of V neighbouring channels of row p, that move at once.
  template <int V>
  GPU_DEVICE void put(Index p, Index channel, Pack<float, V> y) const {
    for (int i = 0; i < V; ++i) y.at[i] = shifted(y.at[i], channel + i);
    if (addend.exists()) y += load<V>(addend(0, p) + channel);
    const auto open = gate.exists() ? load<V>(gate(0, p) + channel) : y;
    for (int i = 0; i < V; ++i) y.at[i] = gate.exists() && !(open.at[i] > 0) ? 0 : clamped(y.at[i]);
    store<V>(to(0, p) + channel, y);
  }
};

/// `columns` of a group are written.
template <class Out>
OutputMap<Out> output_map(const Output& output, Index columns) {
  const Sink& to = output.to;
  const FoldedMask& mask = output.mask;
  OutputMap<Out> map{.to = Rows<Out>(to.to),
                     .addend = Rows<Out>(to.add ? to.to : mask.residual),
                     .gate = Rows<Out>(output.gate)};
  if (mask.shift) map.shift = mask.shift.data<float>();
  if (mask.relu) map.floor = 0;
  constexpr Index wide = std::is_same_v<Out, bf16> ? 8 : 2;
  map.wide = columns % wide == 0;
  for (const Tensor& t : {to.to, mask.residual, output.gate})
    if (t)
      map.wide = map.wide && t.pitch() % wide == 0 &&
                 reinterpret_cast<std::uintptr_t>(t.bytes()) % (wide * sizeof(Out)) == 0;
  return map;
}

/// Two neighbouring channels.
template <class Out>
struct alignas(2 * sizeof(Out)) Pair {
  Out first, second;

  GPU_DEVICE static Pair rounded(float first, float second) {
    if constexpr (std::is_same_v<Out, bf16>)
      return std::bit_cast<Pair>(gpu::round_to_bf16(first, second));
    else
      return {first, second};
  }
};

/// Stores sums as a thread has them: of two neighbouring channels.
template <class Out>
class PairWriter {
 public:
  /// Row p of the map; its channels end before `end`.
  GPU_DEVICE PairWriter(const OutputMap<Out>& map, Index p, Index end)
      : map_(map), p_(p), end_(end) {}

  GPU_DEVICE void put(Index channel, float first, float second) const {
    if (channel >= end_) return;
    const bool both = channel + 1 < end_;
    first = result(channel, first);
    if (both) second = result(channel + 1, second);
    const auto sums = Pair<Out>::rounded(first, second);
    Out* to = map_.to(0, p_) + channel;
    if (both && map_.wide) {
      *reinterpret_cast<Pair<Out>*>(to) = sums;
    } else {
      to[0] = sums.first;
      if (both) to[1] = sums.second;
    }
  }

 private:
  GPU_DEVICE float result(Index channel, float sum) const {
    float y = map_.shifted(sum, channel);
    if (map_.addend.exists()) y += map_.addend(0, p_)[channel];
    y = map_.clamped(y);
    return map_.gate.exists() && !(map_.gate(0, p_)[channel] > 0) ? 0 : y;
  }

  const OutputMap<Out>& map_;
  Index p_, end_;
};

}  // namespace robmask::cuda
