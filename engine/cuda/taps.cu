#include "engine/cuda/taps.h"

#include <algorithm>
#include <limits>

namespace robmask::cuda {

namespace {

int to_int(Index count) {
  expect(count <= std::numeric_limits<int>::max(), "a convolution over {} pixels or terms", count);
  return static_cast<int>(count);
}

Divisor divisor(Index count) { return Divisor(std::max<Index>(count, 1)); }

}  // namespace

Axis forward_axis(Index outputs, const Window& window) {
  Axis axis;
  axis.count = static_cast<int>(outputs);
  axis.scale = static_cast<int>(window.stride);
  axis.offset = -static_cast<int>(window.pad);
  axis.taps = static_cast<int>(window.kernel);
  return axis;
}

Axis gradient_axis(Index inputs, int residue, const Window& window) {
  const auto stride = static_cast<int>(window.stride), pad = static_cast<int>(window.pad);
  const auto from_to = [stride](int first, Index end) {  // how many of first, first + stride, …
    return first < end ? static_cast<int>((end - first - 1) / stride) + 1 : 0;
  };
  Axis axis;
  axis.first = ((residue - pad) % stride + stride) % stride;
  axis.step = axis.tap_step = stride;
  axis.count = from_to(axis.first, inputs);
  axis.offset = (axis.first + pad - residue) / stride;
  axis.direction = -1;
  axis.tap = residue;
  axis.taps = from_to(residue, window.kernel);
  return axis;
}

Taps::Taps(const Axis& rows, const Axis& columns, const Tensor& read, const Shape& written,
           const Window& window)
    : rows_(rows),
      columns_(columns),
      whole_(rows.count == written.h && columns.count == written.w),
      kernel_(static_cast<int>(window.kernel)),
      read_height_(static_cast<int>(read.shape().h)),
      read_width_(static_cast<int>(read.shape().w)),
      read_pitch_(static_cast<int>(read.pitch())),
      written_height_(static_cast<int>(written.h)),
      written_width_(static_cast<int>(written.w)) {
  const Index image = Index{rows.count} * columns.count;
  const Index channels = read.shape().c / window.groups, taps = Index{rows.taps} * columns.taps;
  to_int(read.shape().rows());
  to_int(written.rows());
  pixels_ = to_int(written.n * image);
  terms_ = to_int(taps * channels);
  per_image_ = divisor(image);
  per_row_ = divisor(columns.count);
  per_channel_ = divisor(channels);
  per_tap_row_ = divisor(columns.taps);
}

}  // namespace robmask::cuda
