#include "models/onnx/sliding.h"

#include <algorithm>

namespace robmask::onnx {

namespace {

std::array<Index, 2> pair_of(const Node& node, const std::string& key, Index otherwise,
                             Index least) {
  constexpr Index most = 4096;
  const auto all = node.attribute(key, std::vector<Index>{otherwise, otherwise});
  require(all.size() == 2, "{}: expected 2 numbers, for maps N·C·H·W, got {}", key, all.size());
  for (const Index n : all)
    require(least <= n && n <= most, "{}: expected numbers from {} to {}, got {}", key, least, most,
            n);
  return {all[0], all[1]};
}

}  // namespace

Index Sliding::output(int axis, Index size) const {
  const Index room = size + before[axis] + after[axis] - extent(axis);
  Index places = room / stride[axis] + 1;
  // Rounded up, unless the last place would begin in the padding behind the map.
  if (rounds_up && room % stride[axis] != 0 && places * stride[axis] < size + before[axis])
    ++places;
  return places;
}

bool Sliding::is_plain() const {
  return kernel[0] == kernel[1] && extent(0) == kernel[0] && extent(1) == kernel[1] && pads_alike();
}

Sliding sliding_of(const Node& node, const std::array<Index, 2>& kernel, const Value& x) {
  constexpr Index largest = 4096;
  require(std::ranges::all_of(kernel, [](Index k) { return 1 <= k && k <= largest; }),
          "a window of {}x{} pixels is not supported", kernel[0], kernel[1]);
  Sliding s;
  s.kernel = kernel;
  s.stride = pair_of(node, "strides", 1, 1);
  s.dilation = pair_of(node, "dilations", 1, 1);
  s.rounds_up = node.attribute("ceil_mode", Index{0}) != 0;
  const std::string automatic = node.attribute("auto_pad", std::string("NOTSET"));
  if (automatic == "NOTSET") {
    const auto pads = node.attribute("pads", std::vector<Index>{0, 0, 0, 0});
    require(
        pads.size() == 4 && std::ranges::all_of(pads, [](Index p) { return 0 <= p && p <= 4096; }),
        "pads: expected 4 numbers from 0 to 4096, got {}", to_string(pads));
    s.before = {pads[0], pads[1]};
    s.after = {pads[2], pads[3]};
  } else if (automatic != "VALID") {
    require(automatic == "SAME_UPPER" || automatic == "SAME_LOWER", "auto_pad: got {}",
            printable(automatic));
    for (int axis = 0; axis < 2; ++axis) {
      const Index size = x.dims[2 + axis], places = (size + s.stride[axis] - 1) / s.stride[axis];
      const Index all = std::max((places - 1) * s.stride[axis] + s.extent(axis) - size, Index{0});
      s.before[axis] = automatic == "SAME_UPPER" ? all / 2 : all - all / 2;
      s.after[axis] = all - s.before[axis];
    }
  }
  require(s.stride[0] == s.stride[1], "strides that differ, {} and {}, are not supported",
          s.stride[0], s.stride[1]);
  for (int axis = 0; axis < 2; ++axis)
    require(s.extent(axis) <= largest &&
                s.extent(axis) <= x.dims[2 + axis] + s.before[axis] + s.after[axis],
            "a window of {} pixels does not fit maps of {}", s.extent(axis), x.dims[2 + axis]);
  return s;
}

Value framed(Builder& b, const Value& x, const Sliding& s, Index kernel, double outside) {
  const Value from = b.map(x);
  std::array<Index, 2> size;
  for (int axis = 0; axis < 2; ++axis)
    size[axis] = (s.output(axis, x.dims[2 + axis]) - 1) * s.stride[axis] + kernel;
  if (s.before == std::array<Index, 2>{0, 0} && size[0] == x.dims[2] && size[1] == x.dims[3])
    return from;
  return b.step({from}, {from.dims[0], from.dims[1], size[0], size[1]}, "nchw",
                [slot = from.slot, size, at = s.before, outside](const Run& run) {
                  return place(run.slots[slot], size[0], size[1], at[0], at[1], outside);
                });
}

}  // namespace robmask::onnx
