#pragma once
// What starts and attacks share: pixels in [0,1], and sums over the pixels of one image.

#include <cmath>

#include "engine/cuda/reduce.h"
#include "engine/cuda/rows.h"

namespace robmask::cuda {

template <class T>
GPU_DEVICE T clip(T x) {
  return x < T(0) ? T(0) : x > T(1) ? T(1) : x;
}

/// A block takes one image, its threads every 256th element: who takes what, and so the order of a
/// sum, does not depend on the other images.
struct ImageBlock {
  static constexpr int threads = 256;
  struct Shared {
    double memory[threads];
  };
  Index pixels, channels;

  explicit ImageBlock(const Shape& s) : pixels(s.pixels()), channels(s.c) {}

  GPU_DEVICE static Index image() { return gpu::block().x; }
  /// f(i, p, c) for the calling thread's elements: number i is channel c of pixel p.
  template <class F>
  GPU_DEVICE void each(const F& f) const {
    for (Index i = gpu::thread(); i < pixels * channels; i += threads)
      f(i, i / channels, i % channels);
  }
  /// √Σ value(i, p, c)² over the image; all threads get it.
  template <class F>
  GPU_DEVICE double norm2(const F& value) const {
    double squares = 0;
    each([&](Index i, Index p, Index c) {
      const double v = value(i, p, c);
      squares += v * v;
    });
    return std::sqrt(block_sum<threads>(squares, gpu::shared<Shared>().memory));
  }
};

}  // namespace robmask::cuda
