#include "engine/cpu/taps.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// One axis of a map: which coordinates are written, which of the other map each reads through a
/// tap with shift 0, padding or not, and how many the other map has.
struct Axis {
  std::vector<int> written, origin;
  int size;
};
/// A tap on one axis: coordinate kh or kw of its weight, and its distance from the origin.
struct AxisTap {
  int weight, shift;
};

Taps cross(const Axis& rows, const Axis& columns, Index written_width,
           const std::vector<AxisTap>& down, const std::vector<AxisTap>& across, Index kernel) {
  Taps taps;
  const auto number = [](int h, Index width, int w) { return h * static_cast<int>(width) + w; };
  for (std::size_t h = 0; h < rows.written.size(); ++h)
    for (std::size_t w = 0; w < columns.written.size(); ++w) {
      taps.written.push_back(number(rows.written[h], written_width, columns.written[w]));
      taps.origin.push_back(number(rows.origin[h], columns.size, columns.origin[w]));
    }
  for (const AxisTap& kh : down)
    for (const AxisTap& kw : across) {
      taps.weight.push_back(number(kh.weight, kernel, kw.weight));
      taps.shift.push_back(number(kh.shift, columns.size, kw.shift));
      for (const int row : rows.origin)
        for (const int column : columns.origin) {
          const int h = row + kh.shift, w = column + kw.shift;
          const bool inside = h >= 0 && h < rows.size && w >= 0 && w < columns.size;
          taps.read.push_back(inside ? number(h, columns.size, w) : -1);
        }
    }
  return taps;
}

}  // namespace

Taps forward_taps(const Shape& x, const Shape& y, const Window& window) {
  const auto axis_of = [&](Index written, Index read) {
    Axis axis{{}, {}, static_cast<int>(read)};
    for (int o = 0; o < written; ++o) {
      axis.written.push_back(o);
      axis.origin.push_back(o * static_cast<int>(window.stride) - static_cast<int>(window.pad));
    }
    return axis;
  };
  std::vector<AxisTap> taps;
  for (int k = 0; k < window.kernel; ++k) taps.push_back({k, k});
  return cross(axis_of(y.h, x.h), axis_of(y.w, x.w), y.w, taps, taps, window.kernel);
}

std::vector<Taps> gradient_taps(const Shape& x, const Shape& y, const Window& window) {
  const int stride = static_cast<int>(window.stride), pad = static_cast<int>(window.pad);
  const auto axis_of = [&](int residue, Index written, Index read) {
    Axis axis{{}, {}, static_cast<int>(read)};
    for (int i = 0; i < written; ++i)
      if ((i + pad) % stride == residue) {
        axis.written.push_back(i);
        axis.origin.push_back((i + pad) / stride);
      }
    return axis;
  };
  const auto taps_of = [&](int residue) {  // k = residue + stride·j reads j before the origin
    std::vector<AxisTap> taps;
    for (int k = residue; k < window.kernel; k += stride) taps.push_back({k, -(k / stride)});
    return taps;
  };
  std::vector<Taps> classes;
  for (int a = 0; a < stride; ++a)
    for (int b = 0; b < stride; ++b)
      classes.push_back(cross(axis_of(a, x.h, y.h), axis_of(b, x.w, y.w), x.w, taps_of(a),
                              taps_of(b), window.kernel));
  return classes;
}

}  // namespace robmask::ROBMASK_ISA
