#pragma once
// Rows of logits, or of other channels; a warp takes a row.

#include "engine/cuda/rows.h"

namespace robmask::cuda {

/// Which row is the calling warp's.
struct WarpRows {
  static constexpr int threads = 128, rows = threads / gpu::warp_size;
  Index count, classes;

  explicit WarpRows(const Shape& s) : count(s.rows()), classes(s.c) {}
  gpu::Blocks blocks() const { return ceil_div(count, rows); }
  GPU_DEVICE Index row() const {
    return Index{gpu::block().x} * rows + gpu::thread() / gpu::warp_size;
  }
  GPU_DEVICE static int lane() { return gpu::thread() % gpu::warp_size; }
};

}  // namespace robmask::cuda
