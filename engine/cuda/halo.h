#pragma once
// 3×3 convolutions of 64 channels by products of a warpgroup: beside tensor_cores.h for the shapes
// of one layer, until a device has said which of the two is faster (docs/convolution.md).

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/output_map.h"

namespace robmask::cuda::halo {

/// Whether these kernels take a convolution that reads and writes such maps with such weights.
bool fits(const Output& output, const Tensor& read, const Tensor& w, const Window& window);

/// read ⋆ w on its way to `output`; or transposed, w ⋆ᵀ read, the input gradient. All of bf16.
/// read: N·H·W·64   written: N·H·W·C, a multiple of 64
template <bool transposed>
void multiply(CudaBackend& machine, const Output& output, const Tensor& read, const Tensor& w);

}  // namespace robmask::cuda::halo
