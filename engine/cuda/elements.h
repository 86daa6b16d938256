#pragma once
// Kernels that treat every element alike, or every element of a channel.

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/rows.h"

namespace robmask::cuda {

/// f(r, c) for each row r and channel c. Rows of consecutive images are equally far apart, so row r
/// of a tensor of the walked shape is Rows(0, r), whatever its image.
template <class F>
struct EachElement {
  static constexpr int threads = 256;
  F f;
  Index count, channels;

  GPU_DEVICE void operator()() const {
    const Index i = Index{gpu::block().x} * threads + gpu::thread();
    if (i >= count) return;
    if (i < channels) {
      f(0, i);
    } else if (i <= 0xffffffff) {  // divides many times faster
      const auto n = static_cast<unsigned>(i), d = static_cast<unsigned>(channels);
      f(n / d, n % d);
    } else {
      f(i / channels, i % channels);
    }
  }
};

template <class F>
void each_element(gpu::Stream stream, const Shape& s, const F& f) {
  constexpr int threads = EachElement<F>::threads;
  gpu::launch(stream, {(s.count() + threads - 1) / threads}, EachElement<F>{f, s.count(), s.c});
}

/// The shape to walk where channels do not matter: one long row if all tensors are contiguous.
template <class... T>
Shape flat(const Shape& s, const Rows<T>&... t) {
  return ((t.pitch == s.c) && ...) ? Shape{1, 1, 1, s.count()} : s;
}

/// The same image by image: one long row an image if all tensors are contiguous.
template <class... T>
Shape long_rows(const Shape& s, const Rows<T>&... t) {
  return ((t.pitch == s.c) && ...) ? Shape{s.n, 1, 1, s.pixels() * s.c} : s;
}

}  // namespace robmask::cuda
