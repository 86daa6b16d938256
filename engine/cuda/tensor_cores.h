#pragma once
// Convolutions on tensor cores: the products of tap_product.h and pixel_product.h with factors of
// bf16, or floats that are rounded to tf32 (10 bits of fraction); sums are kept in float.

#include <span>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/output_map.h"
#include "engine/cuda/tap_product.h"

namespace robmask::cuda::tensor_cores {

/// Σ over the taps, into the pixels of `to` that they write, rounded to Out: T or float. Each of
/// `taps` writes pixels of its own; output_map.h says what becomes of the sums. `transposed` says which way the weights lie. With `moments`,
/// those of the map are taken.
template <class T, class Out, bool transposed>
void multiply_taps(gpu::Stream stream, std::span<const Taps> taps, const Output& output,
                   const Tensor& read, const WeightView<T>& weight, Index groups,
                   Moments* moments = nullptr);

/// dw: K·K·Cin/g·Cout of float, of the maps dy and x of T.
template <class T>
void multiply_pixels(CudaBackend& machine, const Sink& dw, const Tensor& dy, const Tensor& x,
                     const Taps& taps, Index groups);

}  // namespace robmask::cuda::tensor_cores
