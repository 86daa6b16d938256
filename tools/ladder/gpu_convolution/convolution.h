#pragma once
// What all rungs compute: a convolution of 3×3 windows, stride 1, with a pixel of zeros around the
// map. Maps are N·H·W·C and, like the weights, of bf16; sums are floats, rounded once at the end.
//
//   y[n, i, j, co] = Σ_{a, b, ci} x[n, i + a − 1, j + b − 1, ci] · w[a, b, ci, co]
//
// As a product of matrices (implicit GEMM): row p is a pixel of the batch, column co a channel, and
// the depth of the sum the 9 taps (a, b) times Cin channels. From the second rung on, a block
// computes a tile of rows × columns of it, `depth` channels of one tap a step.

#include <bit>

#include "engine/cuda/gpu.h"
#include "tools/ladder/gpu_convolution/access.h"

namespace robmask::ladder {

/// The first layer group of a ResNet-18; of one image where accesses are counted, of 128 where time
/// is.
inline constexpr int H = 32, W = 32, Cin = 64, Cout = 64, K = 3;

/// x: N·H·W·Cin   w: K·K·Cin·Cout   y: N·H·W·Cout   in device memory
struct Maps {
  bf16* y;
  const bf16 *x, *w;
  int pixels;  // N·H·W
};

/// The pixel that a tap of pixel p reads, unless it lies outside of the map.
struct Tap {
  int pixel;
  bool inside;
};

GPU_DEVICE Tap tap_of(int p, int a, int b) {
  const int i = p / W % H + a - 1, j = p % W + b - 1;
  return {p + (a - 1) * W + b - 1, i >= 0 && i < H && j >= 0 && j < W};
}

/// Number i of the eight bf16 in a chunk: the upper half of a float.
GPU_DEVICE float element(const gpu::Chunk& c, int i) {
  const std::uint32_t word = c.words[i / 2];
  return std::bit_cast<float>(i % 2 == 0 ? word << 16 : word & 0xffff0000u);
}

/// Starts the kernel of a rung.
using Convolution = void(gpu::Stream stream, const Maps& maps);

Convolution definition, shared_tile, register_tile, tensor_cores, matrix_loads, swizzle, copies;

}  // namespace robmask::ladder
