#pragma once
// Which pixel of which image a row is.

#include "engine/cuda/gpu.h"

namespace robmask::cuda {

/// Where row r of a map of that shape lies.
struct Pixel {
  int n, h, w;

  GPU_DEVICE Pixel(Index r, const Shape& s) {
    const auto row = static_cast<unsigned>(r), width = static_cast<unsigned>(s.w);
    const unsigned line = row / width, height = static_cast<unsigned>(s.h);
    w = static_cast<int>(row % width);
    h = static_cast<int>(line % height);
    n = static_cast<int>(line / height);
  }
};

}  // namespace robmask::cuda
