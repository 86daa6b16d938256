// Operators that change how values are read, cut them, or put them together.

#include <algorithm>
#include <numeric>

#include "models/onnx/builder.h"

namespace robmask::onnx {

namespace {

void same(Builder& b, const Node& node) { b.define(node, b.in(node, 0)); }

void cast(Builder& b, const Node& node) {
  require(is_floating(node.attribute("to", Index{0})),
          "a cast of maps to whole numbers has no gradient and is not supported");
  same(b, node);
}

/// The sizes, known but for the number of images.
void shape_of(Builder& b, const Node& node) {
  const Value& x = b.in(node, 0);
  const auto sizes = std::make_shared<HostTensor>(HostTensor{ElementType::u8, x.dims, {}});
  const Constants result = fold(node, {sizes}, b.opset(), x.rank());
  b.define(node, {result[0]->shape, result[0], ""});
}

void flatten(Builder& b, const Node& node) {
  const Value& x = b.in(node, 0);
  const Index axis = node.attribute("axis", Index{1});
  require(axis == 1 || axis == 1 - x.rank(), "expected axis 1, the images ahead, got {}", axis);
  b.define(node, b.reshaped(x, b.new_sizes(x.dims, {batch_size, -1}, false)));
}

void reshape_to(Builder& b, const Node& node) {
  const Value& x = b.in(node, 0);
  const bool zero_keeps = node.attribute("allowzero", Index{0}) == 0;
  b.define(node, b.reshaped(x, b.new_sizes(x.dims, b.integers(node, 1), zero_keeps)));
}

void squeeze(Builder& b, const Node& node) {
  const Value x = b.made(b.in(node, 0));
  std::vector<Index> ones;
  for (Index i = 1; i < x.rank(); ++i)
    if (x.dims[i] == 1) ones.push_back(i);
  const std::vector<Index> gone = b.axes(node, 1, x.rank(), ones);
  Value y = x;
  y.dims.clear();
  y.axes.clear();
  for (Index i = 0; i < x.rank(); ++i) {
    const bool goes = std::ranges::count(gone, i) == 1;
    require(!goes || (i > 0 && x.dims[i] == 1), "axis {} of {} has not size 1", i,
            to_string(x.dims));
    if (goes) continue;
    y.dims.push_back(x.dims[i]);
    y.axes += x.axes[i];
  }
  b.define(node, y);
}

void unsqueeze(Builder& b, const Node& node) {
  Value y = b.made(b.in(node, 0));
  const auto many = b.has(node, 1) ? b.in(node, 1).count()
                                   : std::ssize(node.attribute("axes", std::vector<Index>{}));
  require(y.rank() + many <= 4, "more than 4 axes are not supported");
  for (const Index axis : b.axes(node, 1, y.rank() + many, {})) {
    require(axis > 0 && axis <= y.rank(), "expected axes behind the images, got {}", axis);
    const char free = *std::ranges::find_if(
        std::string_view("hwc"), [&](char a) { return y.axes.find(a) == std::string::npos; });
    y.dims.insert(y.dims.begin() + axis, 1);
    y.axes.insert(y.axes.begin() + axis, free);
  }
  b.define(node, y);
}

void transpose_axes(Builder& b, const Node& node) {
  const Value x = b.made(b.in(node, 0));
  std::vector<Index> order(x.rank());
  std::iota(order.rbegin(), order.rend(), 0);
  order = node.attribute("perm", order);
  std::vector<Index> sorted = order, all(x.rank());
  std::iota(all.begin(), all.end(), 0);
  std::ranges::sort(sorted);
  require(sorted == all && order[0] == 0, "expected an order of {} axes, the images first, got {}",
          x.rank(), to_string(order));
  Value y = x;
  for (Index i = 0; i < x.rank(); ++i) {
    y.dims[i] = x.dims[order[i]];
    y.axes[i] = x.axes[order[i]];
  }
  b.define(node, y);
}

void concat(Builder& b, const Node& node) {
  const Value first = b.made(b.in(node, 0));
  const Index axis = node.attribute("axis", Index{1}), at = axis < 0 ? axis + first.rank() : axis;
  require(0 < at && at < first.rank(), "there is no axis {} of {}", axis, first.rank());
  std::string axes = first.axes;
  if (axes[at] != 'c') {  // any order in which these are the channels
    axes = std::string("nhwc").substr(0, 1) + std::string("hw").substr(0, first.rank() - 2);
    axes.insert(at, 1, 'c');
  }
  std::vector<Value> parts;
  std::vector<Index> dims = first.dims;
  dims[at] = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    require(!b.in(node, i).is_constant(), "constants beside the images are not supported");
    require(b.in(node, i).rank() == first.rank(), "its inputs have different numbers of axes");
    parts.push_back(b.arranged(b.in(node, i), axes));
    std::vector<Index> sizes = parts.back().dims;
    dims[at] += std::exchange(sizes[at], dims[at]);
    std::vector<Index> others = dims;
    others[at] = sizes[at];
    require(sizes == others, "its inputs {} and {} do not go together", to_string(first.dims),
            to_string(parts.back().dims));
  }
  std::vector<int> slots;
  slots.reserve(parts.size());
  for (const Value& part : parts) slots.push_back(part.slot);
  b.define(node, b.step(parts, dims, axes, [slots](const Run& run) {
    std::vector<Variable> all;
    all.reserve(slots.size());
    for (const int slot : slots) all.push_back(run.slots[slot]);
    return concatenate(all);
  }));
}

/// A range of an axis: of channels a view, of pixels a copy.
Value cut(Builder& b, const Value& value, Index axis, Index first, Index count) {
  const Value x = b.made(value);
  std::vector<Index> dims = x.dims;
  dims[axis] = count;
  if (x.axes[axis] == 'c')
    return b.step({x}, dims, x.axes, [s = x.slot, first, count](const Run& run) {
      return run.slots[s].channels(first, count);
    });
  const Shape to = memory_shape(dims, x.axes);
  const bool rows = x.axes[axis] == 'h';
  return b.step({x}, dims, x.axes,
                [s = x.slot, to, top = rows ? -first : 0, left = rows ? 0 : -first](
                    const Run& run) { return place(run.slots[s], to.h, to.w, top, left); });
}

void slice(Builder& b, const Node& node) {
  Value x = b.in(node, 0);
  const auto input = [&](std::size_t i) {
    return b.has(node, i) ? std::optional(b.integers(node, i)) : std::nullopt;
  };
  const auto [starts, ends, axes, steps] = ranges_of(node, b.opset(), input);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const Index axis = axes[i] < 0 ? axes[i] + x.rank() : axes[i];
    require(0 <= axis && axis < x.rank(), "there is no axis {} of {}", axes[i], x.rank());
    const Index size = x.dims[axis];
    const auto place = [&](Index at) {
      return std::clamp(at < 0 ? at + size : at, Index{0}, size);
    };
    const Index first = place(starts[i]), end = place(ends[i]);
    if (first == 0 && end == size && steps[i] == 1) continue;
    require(
        axis > 0 && steps[i] == 1 && first < end,
        "expected a range of an axis behind the images, one by one, got {} to {} by {} of axis {}",
        starts[i], ends[i], steps[i], axis);
    x = cut(b, x, axis, first, end - first);
  }
  b.define(node, x);
}

void split(Builder& b, const Node& node) {
  const Value& x = b.in(node, 0);
  const Index axis = node.attribute("axis", Index{0}), at = axis < 0 ? axis + x.rank() : axis;
  require(0 < at && at < x.rank(), "expected an axis behind the images, got {}", axis);
  const Index parts = std::ssize(node.outputs), even = (x.dims[at] + parts - 1) / parts;
  std::vector<Index> sizes(parts, even);
  sizes.back() = x.dims[at] - even * (parts - 1);
  sizes = b.has(node, 1) ? b.integers(node, 1) : node.attribute("split", sizes);
  require(std::ssize(sizes) == parts, "expected {} parts, got {}", parts, sizes.size());
  const Value whole = b.made(x);
  Index first = 0;
  for (Index i = 0; i < parts; ++i) {
    require(sizes[i] >= 1 && sizes[i] <= whole.dims[at] - first, "its parts are not those of {}",
            whole.dims[at]);
    b.define(node, cut(b, whole, at, first, sizes[i]), i);
    first += sizes[i];
  }
}

void pad(Builder& b, const Node& node) {
  const Value x = b.map(b.in(node, 0));
  const std::string mode = node.attribute("mode", std::string("constant"));
  require(mode == "constant", "expected padding by a constant, got {}", printable(mode));
  const bool old = b.opset() < 11;
  const auto pads = old ? node.attribute("pads", std::vector<Index>{}) : b.integers(node, 1);
  const double outside = old              ? node.attribute("value", 0.0)
                         : b.has(node, 2) ? b.number(node, 2)
                                          : 0;
  std::vector<Index> which{0, 1, 2, 3};
  if (b.has(node, 3)) which = b.integers(node, 3);
  require(pads.size() == 2 * which.size(), "expected two numbers an axis, got {}", to_string(pads));
  std::array<Index, 4> before{}, after{};
  for (std::size_t i = 0; i < which.size(); ++i) {
    const Index axis = which[i] < 0 ? which[i] + 4 : which[i];
    require(0 <= axis && axis < 4, "there is no axis {} of 4", which[i]);
    before[axis] = pads[i];
    after[axis] = pads[i + which.size()];
  }
  std::vector<Index> dims = x.dims;
  for (const int axis : {2, 3}) {
    for (const Index p : {before[axis], after[axis]})
      require(-4096 <= p && p <= 4096, "expected pads from -4096 to 4096, got {}", p);
    dims[axis] += before[axis] + after[axis];
    require(dims[axis] >= 1, "no pixel is left");
  }
  require(before[0] == 0 && after[0] == 0 && before[1] == 0 && after[1] == 0,
          "padding of images or channels is not supported");
  b.define(node, b.step({x}, dims, x.axes,
                        [s = x.slot, h = dims[2], w = dims[3], top = before[2], left = before[3],
                         outside](const Run& run) {
                          return place(run.slots[s], h, w, top, left, outside);
                        }));
}

}  // namespace

Operators shape_operators() {
  return {{"Identity", same},   {"Dropout", same},        {"Cast", cast},
          {"Shape", shape_of},  {"Flatten", flatten},     {"Reshape", reshape_to},
          {"Squeeze", squeeze}, {"Unsqueeze", unsqueeze}, {"Transpose", transpose_axes},
          {"Concat", concat},   {"Slice", slice},         {"Split", split},
          {"Pad", pad}};
}

}  // namespace robmask::onnx
