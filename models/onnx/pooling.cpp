// Pooling, and sums over axes.

#include <algorithm>
#include <limits>
#include <numeric>

#include "models/onnx/sliding.h"

namespace robmask::onnx {

namespace {

/// A node's window, which sees a pixel of the map at each of its places, as the engine expects.
Sliding pooling_of(const Node& node, const Value& x) {
  const auto kernel = node.attribute("kernel_shape", std::vector<Index>{});
  require(kernel.size() == 2, "kernel_shape: expected 2 numbers, for maps N·C·H·W, got {}",
          kernel.size());
  const Sliding s = sliding_of(node, {kernel[0], kernel[1]}, x);
  for (const int axis : {0, 1})
    require(s.before[axis] < s.kernel[axis] && s.after[axis] < s.kernel[axis],
            "pads of {} and {} around maps are as large as a window of {}", s.before[axis],
            s.after[axis], s.kernel[axis]);
  return s;
}

void pool_maxima(Builder& b, const Node& node) {
  require(node.outputs.size() == 1, "indices of the maxima are not supported");
  const Value& x = b.in(node, 0);
  const Sliding s = pooling_of(node, b.map(x));
  require(s.kernel[0] == s.kernel[1] && s.extent(0) == s.kernel[0] && s.extent(1) == s.kernel[1],
          "maxima of windows that are not square, or dilated, are not supported");
  const bool plain = s.is_plain() && !s.rounds_up;
  const Value from =
      plain ? b.map(x) : framed(b, x, s, s.kernel[0], -std::numeric_limits<double>::infinity());
  const Window window{s.kernel[0], s.stride[0], plain ? s.before[0] : 0};
  b.define(node,
           b.step({from}, {x.dims[0], x.dims[1], s.output(0, x.dims[2]), s.output(1, x.dims[3])},
                  "nchw", [slot = from.slot, window](const Run& run) {
                    return max_pool(run.slots[slot], window);
                  }));
}

/// The mean over windows as a convolution of each channel alone, in which all weights are the same;
/// where padding does not count, times how much too small it is.
Value windowed_mean(Builder& b, const Value& x, const Sliding& s, bool counts_padding) {
  const Index side = std::max(s.kernel[0], s.kernel[1]), channels = x.dims[1];
  b.require_room(side * side * channels + s.output(0, x.dims[2]) * s.output(1, x.dims[3]));
  std::vector<double> weights(side * side * channels, 0);
  for (Index i = 0; i < s.kernel[0]; ++i)
    for (Index j = 0; j < s.kernel[1]; ++j)
      std::fill_n(weights.begin() + (i * side + j) * channels, channels,
                  1.0 / static_cast<double>(s.kernel[0] * s.kernel[1]));
  const int w = b.hold({side, side, 1, channels}, weights);
  const Value from = framed(b, x, s, side, 0);
  const std::vector<Index> dims{x.dims[0], channels, s.output(0, x.dims[2]),
                                s.output(1, x.dims[3])};
  const Window window{side, s.stride[0], 0, channels};
  const Value y = b.step({from}, dims, "nchw", [slot = from.slot, w, window](const Run& run) {
    return conv2d(run.slots[slot], run.held[w], window);
  });
  std::vector<double> factors;
  for (Index i = 0; i < dims[2]; ++i)
    for (Index j = 0; j < dims[3]; ++j) {
      double seen = 1;
      const Index at[] = {i, j};
      for (const int axis : {0, 1}) {
        // Windows that reach beyond the padding, where sizes are rounded up, see less in any case.
        const Index first = at[axis] * s.stride[axis] - s.before[axis],
                    end = first + s.kernel[axis];
        const Index low = counts_padding ? -s.before[axis] : 0;
        const Index high = x.dims[2 + axis] + (counts_padding ? s.after[axis] : 0);
        seen *= static_cast<double>(std::min(end, high) - std::max(first, low));
      }
      factors.push_back(static_cast<double>(s.kernel[0] * s.kernel[1]) / seen);
    }
  if (std::ranges::count(factors, 1.0) == std::ssize(factors)) return y;
  const int f = b.hold({1, dims[2], dims[3], 1}, factors);
  return b.step({y}, dims, "nchw", [slot = y.slot, f](const Run& run) {
    return multiply(run.slots[slot], expand(run.held[f], run.slots[slot].shape()));
  });
}

void pool_means(Builder& b, const Node& node) {
  const Value x = b.map(b.in(node, 0));
  const Sliding s = pooling_of(node, x);
  require(s.extent(0) == s.kernel[0] && s.extent(1) == s.kernel[1],
          "means of dilated windows are not supported");
  const bool tiles = s.is_plain() && s.before[0] == 0 && s.stride[0] == s.kernel[0] &&
                     x.dims[2] % s.kernel[0] == 0 && x.dims[3] % s.kernel[0] == 0;
  if (!tiles)
    return b.define(node,
                    windowed_mean(b, x, s, node.attribute("count_include_pad", Index{0}) != 0));
  const Window window{s.kernel[0], s.kernel[0]};
  b.define(node, b.step({x}, {x.dims[0], x.dims[1], s.output(0, x.dims[2]), s.output(1, x.dims[3])},
                        "nchw", [slot = x.slot, window](const Run& run) {
                          return average_pool(run.slots[slot], window);
                        }));
}

/// The sum over some axes, times a factor; their sizes become 1.
Value summed(Builder& b, const Value& value, const std::vector<Index>& over, bool mean) {
  const Value x = b.made(value);
  std::vector<Index> dims = x.dims;
  double factor = 1;
  for (const Index axis : over) {
    require(axis > 0, "a sum over the images is not supported");
    if (mean) factor /= static_cast<double>(dims[axis]);
    dims[axis] = 1;
  }
  const Shape from = x.shape(), to = memory_shape(dims, x.axes);
  // What networks end in is as the engine's own have it.
  if (mean && from.h == from.w && to.h == 1 && to.w == 1 && from.c == to.c && from.h > 1)
    return b.step({x}, dims, x.axes, [slot = x.slot, side = from.h](const Run& run) {
      return average_pool(run.slots[slot], {side, side});
    });
  return b.step({x}, dims, x.axes, [slot = x.slot, to, factor](const Run& run) {
    const Variable& v = run.slots[slot];
    return sum_to(v, to.with_images(v.shape().n), factor);
  });
}

template <bool mean>
void reduce(Builder& b, const Node& node) {
  const Value& x = b.in(node, 0);
  std::vector<Index> every(x.rank());
  std::iota(every.begin(), every.end(), 0);
  const std::vector<Index> over = b.axes(node, 1, x.rank(), every);
  Value y = summed(b, x, over, mean);
  if (node.attribute("keepdims", Index{1}) == 0) {
    // The axes of a value that has fewer: what was summed has size 1, in memory as before.
    std::vector<Index> dims;
    std::string axes;
    for (Index i = 0; i < y.rank(); ++i)
      if (std::ranges::count(over, i) == 0) {
        dims.push_back(y.dims[i]);
        axes += y.axes[i];
      }
    y.dims = dims;
    y.axes = axes;
  }
  b.define(node, y);
}

void global_mean(Builder& b, const Node& node) {
  const Value x = b.map(b.in(node, 0));
  b.define(node, summed(b, x, {2, 3}, true));
}

void global_maximum(Builder& b, const Node& node) {
  const Value x = b.map(b.in(node, 0));
  require(x.dims[2] == x.dims[3], "maxima of maps that are not square are not supported");
  b.define(node, b.step({x}, {x.dims[0], x.dims[1], 1, 1}, "nchw",
                        [slot = x.slot, side = x.dims[2]](const Run& run) {
                          return max_pool(run.slots[slot], {side, side});
                        }));
}

}  // namespace

Operators pooling_operators() {
  return {{"MaxPool", pool_maxima},           {"AveragePool", pool_means},
          {"GlobalAveragePool", global_mean}, {"GlobalMaxPool", global_maximum},
          {"ReduceMean", reduce<true>},       {"ReduceSum", reduce<false>}};
}

}  // namespace robmask::onnx
