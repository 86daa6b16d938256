#pragma once
// Tensors as rows of channels, as kernels see them, and the sums that the primitives share.

#include "engine/cuda/gpu.h"
#include "engine/tensor.h"

namespace robmask::cuda {

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

/// The rows of a tensor; an empty tensor has none. A tensor of one image serves every n, so shared
/// and per-image arguments are read in the same way.
template <class T>
struct Rows {
  T* data = nullptr;
  Index image = 0, pitch = 0;  // elements from one image, and from one pixel, to the next

  Rows() = default;
  explicit Rows(const Tensor& t) {
    if (!t) return;
    data = t.data<T>();
    pitch = t.pitch();
    image = t.shape().n == 1 ? 0 : t.shape().pixels() * pitch;
  }
  /// The channels of pixel p of image n.
  GPU_DEVICE T* operator()(Index n, Index p = 0) const { return data + n * image + p * pitch; }
  GPU_DEVICE bool exists() const { return data != nullptr; }
};

}  // namespace robmask::cuda
