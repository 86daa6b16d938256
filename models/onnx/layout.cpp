// Where values stand in memory: which axis is which, and what a Reshape means.

#include <algorithm>

#include "models/onnx/builder.h"

namespace robmask::onnx {

namespace {

/// The axes of a value whose sizes lie in memory as ONNX has them, and of one whose channels come
/// right behind the images.
std::string row_major(Index rank) {
  return rank == 4 ? "nhwc" : rank == 3 ? "nhc" : rank == 2 ? "nc" : "n";
}
std::string channels_first(Index rank) { return std::string("nchw").substr(0, rank); }

/// The numbers of its axes in the order in which they lie in memory, but for those of size 1.
std::vector<Index> memory_order(const std::vector<Index>& dims, const std::string& axes) {
  std::vector<Index> order;
  for (const char axis : {'h', 'w', 'c'})
    if (const auto at = axes.find(axis); at != std::string::npos && dims[at] != 1)
      order.push_back(static_cast<Index>(at));
  return order;
}

}  // namespace

Value Builder::arranged(const Value& value, const std::string& axes) {
  const Value x = made(value);
  if (x.axes == axes) return x;
  const Shape to = memory_shape(x.dims, axes);
  std::vector<Index> now = memory_order(x.dims, x.axes), wanted = memory_order(x.dims, axes);
  if (now == wanted)
    return step({x}, x.dims, axes, [s = x.slot, to](const Run& run) {
      return reshape(run.slots[s], to.with_images(run.slots[s].shape().n));
    });
  // Pixels and channels change places: what lies first in memory comes last.
  const auto turn = std::ranges::find(now, wanted[0]) - now.begin();
  Index pixels = 1, channels = 1;
  for (Index i = 0; i < std::ssize(now); ++i) (i < turn ? pixels : channels) *= x.dims[now[i]];
  std::rotate(now.begin(), now.begin() + turn, now.end());
  require(now == wanted, "a Transpose that moves more than the channels is not supported");
  return step({x}, x.dims, axes, [s = x.slot, to, pixels, channels](const Run& run) {
    const Variable& from = run.slots[s];
    const Index n = from.shape().n;
    const Variable flat = reshape(from, {n, pixels, 1, channels});
    return reshape(transpose(flat, {n, channels, 1, pixels}), to.with_images(n));
  });
}

Value Builder::map(const Value& value) {
  require(value.rank() == 4, "expected a map N·C·H·W, got the shape {}", to_string(value.dims));
  return arranged(value, "nchw");
}

Value Builder::reshaped(const Value& value, const std::vector<Index>& dims) {
  if (dims == value.dims) return value;
  const Index rank = std::ssize(dims);
  require(rank >= 2 && rank <= 4 && dims[0] == batch_size && value.dims[0] == batch_size,
          "expected the images first, and 2 to 4 axes, got {} from {}", to_string(dims),
          to_string(value.dims));
  const Value x = made(value);
  // Pixels are arranged anew, channels stay; else all elements are, in ONNX's order.
  const bool keeps_channels =
      x.rank() >= 2 && x.axes == channels_first(x.rank()) && dims[1] == x.dims[1];
  const Value from = keeps_channels ? x : arranged(x, row_major(x.rank()));
  const std::string axes = keeps_channels ? channels_first(rank) : row_major(rank);
  const Shape to = memory_shape(dims, axes);
  return step({from}, dims, axes, [s = from.slot, to](const Run& run) {
    return reshape(run.slots[s], to.with_images(run.slots[s].shape().n));
  });
}

std::vector<Index> Builder::new_sizes(const std::vector<Index>& from, std::vector<Index> asked,
                                      bool zero_keeps) const {
  for (std::size_t i = 0; i < asked.size(); ++i)
    if (asked[i] == 0 && zero_keeps) {
      require(i < from.size(), "there is no axis {} to keep", i);
      asked[i] = from[i];
    }
  // A graph that was exported for a batch of a fixed size has it in its constants.
  if (!asked.empty() && port_.batch != open_size && asked[0] == port_.batch) asked[0] = batch_size;
  const auto product = [](const std::vector<Index>& sizes, std::size_t first) {
    Index count = 1;
    for (std::size_t i = first; i < sizes.size(); ++i) {
      require(1 <= sizes[i] && count <= (Index{1} << 40) / sizes[i], "the shape {} is too large",
              to_string(sizes));
      count *= sizes[i];
    }
    return count;
  };
  const Index images = product(from, 1);
  require(std::ranges::count(asked, -1) <= 1, "expected one open size at most, got {}",
          to_string(asked));
  if (const auto open = std::ranges::find(asked, -1); open != asked.end()) {
    *open = 1;
    const Index rest = product(asked, 1);
    if (open == asked.begin())
      *open = images == rest ? batch_size : -1;
    else
      *open = images % rest == 0 ? images / rest : -1;
  }
  require(!asked.empty() && asked[0] == batch_size && !std::ranges::count(asked, -1) &&
              product(asked, 1) == images,
          "expected a shape that keeps the images and holds {} numbers of each, got {}", images,
          to_string(asked));
  return asked;
}

}  // namespace robmask::onnx
