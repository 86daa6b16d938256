#pragma once
// What all rungs compute: a convolution of 3×3 windows, stride 1, with a pixel of zeros around the
// map. Maps are N·H·W·C, as everywhere in this project:
//
//   y[n, i, j, co] = Σ_{a, b, ci} x[n, i + a − 1, j + b − 1, ci] · w[a, b, ci, co]

namespace robmask {
class Tensor;
}

namespace robmask::ladder {

/// Four images in the second layer group of a ResNet-18 for CIFAR.
inline constexpr int N = 4, H = 16, W = 16, Cin = 128, Cout = 128, K = 3;

/// x: N·H·W·Cin   w: K·K·Cin·Cout   y: N·H·W·Cout, beginning at multiples of 64 bytes
using Convolution = void(float* y, const float* x, const float* w);

Convolution definition, reordered, taps, tile, patches, packed, vectors, winograd_2, winograd_4;

void engine(const Tensor& y, const Tensor& x, const Tensor& w);

}  // namespace robmask::ladder
