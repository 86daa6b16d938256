#include "engine/cpu/taps.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// One axis of a tap: which coordinate is read for each written one, −1 for none.
using Axis = std::vector<int>;

void append_tap(Taps& taps, int weight, const Axis& rows, const Axis& columns, Index width) {
  taps.weight.push_back(weight);
  for (int h : rows)
    for (int w : columns)
      taps.read.push_back(h < 0 || w < 0 ? -1 : h * static_cast<int>(width) + w);
}

}  // namespace

Taps forward_taps(const Shape& x, const Shape& y, const Window& window) {
  auto axis = [&](Index k, Index written, Index read) {
    Axis at(written);
    for (Index o = 0; o < written; ++o) {
      const Index i = o * window.stride + k - window.pad;
      at[o] = i >= 0 && i < read ? static_cast<int>(i) : -1;
    }
    return at;
  };
  Taps taps;
  for (int p = 0; p < y.pixels(); ++p) taps.written.push_back(p);
  taps.read.reserve(window.kernel * window.kernel * y.pixels());
  for (Index kh = 0; kh < window.kernel; ++kh)
    for (Index kw = 0; kw < window.kernel; ++kw)
      append_tap(taps, static_cast<int>(kh * window.kernel + kw), axis(kh, y.h, x.h),
                 axis(kw, y.w, x.w), x.w);
  return taps;
}

std::vector<Taps> gradient_taps(const Shape& x, const Shape& y, const Window& window) {
  const Index stride = window.stride;
  auto written = [&](Index residue, Index size) {
    Axis at;
    for (Index i = 0; i < size; ++i)
      if ((i + window.pad) % stride == residue) at.push_back(static_cast<int>(i));
    return at;
  };
  auto read = [&](Index k, const Axis& at, Index size) {
    Axis from;
    for (int i : at) {
      const Index distance = i + window.pad - k;
      const bool inside = distance >= 0 && distance / stride < size;
      from.push_back(inside ? static_cast<int>(distance / stride) : -1);
    }
    return from;
  };
  std::vector<Taps> classes;
  for (Index a = 0; a < stride; ++a)
    for (Index b = 0; b < stride; ++b) {
      const Axis rows = written(a, x.h), columns = written(b, x.w);
      Taps taps;
      for (int h : rows)
        for (int w : columns) taps.written.push_back(h * static_cast<int>(x.w) + w);
      for (Index kh = a; kh < window.kernel; kh += stride)
        for (Index kw = b; kw < window.kernel; kw += stride)
          append_tap(taps, static_cast<int>(kh * window.kernel + kw), read(kh, rows, y.h),
                     read(kw, columns, y.w), y.w);
      classes.push_back(std::move(taps));
    }
  return classes;
}

}  // namespace robmask::ROBMASK_ISA
