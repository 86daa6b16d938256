#pragma once
// 3×3 convolutions of 64 channels on tensor cores, whose pixels are brought once for all taps: for
// these tensor_cores.h is limited by what it gathers (docs/convolution.md).

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/output_map.h"

namespace robmask::cuda::halo {

/// Whether these kernels take a convolution that reads and writes such maps with such weights, and
/// takes moments of what it writes, if these are asked for.
bool fits(const Output& output, const Tensor& read, const Tensor& w, const Window& window,
          bool moments = false);

/// read ⋆ w on its way to `output`; or transposed, w ⋆ᵀ read, the input gradient. All of bf16.
/// read: N·H·W·64   written: N·H·W·C, a multiple of 64
template <bool transposed>
void multiply(CudaBackend& machine, const Output& output, const Tensor& read, const Tensor& w,
              Moments* moments = nullptr);

}  // namespace robmask::cuda::halo
