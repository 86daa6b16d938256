#pragma once
// Exercises of docs/course/8-gpu.md. Pointers are to memory of the GPU; what is given to the stream
// is done when somebody waits for it.

#include "engine/cuda/gpu.h"

namespace robmask::course {

/// 8.1  dx[i] = dy[i] where y[i] > 0, else 0, for each of `count` elements; with `add`, that is
/// added to what dx holds. One launch, in which each thread does one element at most, and neighbours
/// do neighbours. dx may be dy. Nothing else is read or written. count ≥ 1
void relu_gradient(gpu::Stream stream, float* dx, const float* dy, const float* y, Index count,
                   bool add);

/// 8.2  sums[c] = Σ_r x[r·channels + c] over the rows of a matrix rows × channels, rows ≥ 0, in one
/// launch of ⌈channels/32⌉ blocks of 256 threads. Numbers are added in double and in this order, so
/// that the bits are given: warp v of 0 … 7 adds rows v, v + 8, v + 16, … one after the other, from
/// 0 on; then the sums of warps 0, 1, … 7 are added one after the other, from that of warp 0 on.
void column_sums(gpu::Stream stream, double* sums, const float* x, Index rows, Index channels);

}  // namespace robmask::course
