#pragma once
// How the reference reads and writes tensors: one element at a time.

#include "tests/reference_backend.h"

namespace robmask {

/// The elements of a tensor by their four indices.
template <class T>
struct View {
  T* data = nullptr;
  Shape shape;
  Index pitch = 0;

  explicit View(const Tensor& t) {
    if (!t) return;
    data = t.data<T>();
    shape = t.shape();
    pitch = t.pitch();
  }
  View(T* packed, const Shape& s) : data(packed), shape(s), pitch(s.c) {}
  explicit operator bool() const { return data != nullptr; }
  T& operator()(Index n, Index h, Index w, Index c) const {
    return data[((n * shape.h + h) * shape.w + w) * pitch + c];
  }
  /// Element c of the row that belongs to image n; a shared row belongs to every image.
  T& row(Index n, Index c = 0) const { return (*this)(shape.n == 1 ? 0 : n, 0, 0, c); }
};

/// The elements of a sink. An empty sink swallows what is put into it.
template <class T>
struct SinkView {
  View<T> to;
  bool add;

  explicit SinkView(const Sink& sink) : to(sink.to), add(sink.add) {}
  void put(Index n, Index h, Index w, Index c, double value) const {
    if (!to) return;
    T& element = to(n, h, w, c);
    element = static_cast<T>(add ? element + value : value);
  }
};

/// f(n, h, w, c) for every element of a shape.
template <class F>
void for_each(const Shape& s, F&& f) {
  for (Index n = 0; n < s.n; ++n)
    for (Index h = 0; h < s.h; ++h)
      for (Index w = 0; w < s.w; ++w)
        for (Index c = 0; c < s.c; ++c) f(n, h, w, c);
}

/// f(h, w) for every pixel of an image.
template <class F>
void for_each_pixel(const Shape& s, F&& f) {
  for (Index h = 0; h < s.h; ++h)
    for (Index w = 0; w < s.w; ++w) f(h, w);
}

}  // namespace robmask
