#pragma once
// The windows of convolutions and pooling as ONNX has them.

#include <array>

#include "models/onnx/builder.h"

namespace robmask::onnx {

/// A window that slides over a map: sizes of both axes, top and left first.
struct Sliding {
  std::array<Index, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1}, before{0, 0}, after{0, 0};
  bool rounds_up = false;

  /// From the first pixel that the window sees to behind its last.
  Index extent(int axis) const { return (kernel[axis] - 1) * dilation[axis] + 1; }
  /// The window's places on maps of that size.
  Index output(int axis, Index size) const;
  /// Is the map padded alike on all sides?
  bool pads_alike() const { return before[0] == before[1] && before == after; }
  /// Is it one of the engine's: square, the same along both axes, padded alike on all sides?
  bool is_plain() const;
};

/// A node's window over maps N·C·H·W. InputError for strides that differ, for windows larger than
/// the padded map, and for numbers that no window has.
Sliding sliding_of(const Node& node, const std::array<Index, 2>& kernel, const Value& x);

/// The map with what the window sees around it, so that one of `kernel` square pixels without
/// padding has its places, and no others.
Value framed(Builder& b, const Value& x, const Sliding& s, Index kernel, double outside);

}  // namespace robmask::onnx
