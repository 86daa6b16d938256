#pragma once
// gpu.h's products of a warpgroup on the CPU. Included by gpu_emulated.h only.

#include "tests/gpu_emulator/gpu_emulated_matrix.h"

namespace robmask::gpu {

struct SharedLines {
  std::uint64_t descriptor;

  SharedLines further(int chunks) const { return {descriptor + chunks}; }
};

namespace emulated {

/// warpgroup.cpp: the products of the running thread's warp. They are begun by all four warps, and
/// done when the warp waits for them; until then their sums are poisoned.
SharedLines shared_lines(const void* first, int half, int group, Where where);
void barrier_before_products(Where where);
void fence_registers(Where where);
void multiply_async(float* sums, const Fragment& left, SharedLines right, Where where);
void commit_products(Where where);
void wait_products(std::size_t groups, Where where);

}  // namespace emulated

GPU_DEVICE SharedLines shared_lines(const void* first, int half, int group,
                                    emulated::Where where = emulated::Where::current()) {
  return emulated::shared_lines(first, half, group, where);
}
GPU_DEVICE void barrier_before_products(emulated::Where where = emulated::Where::current()) {
  emulated::barrier_before_products(where);
}
template <int n>
GPU_DEVICE void fence_registers(float (&)[n][64],
                                emulated::Where where = emulated::Where::current()) {
  emulated::fence_registers(where);
}
GPU_DEVICE void multiply_async(float (&sums)[64], const Fragment& left, SharedLines right,
                               emulated::Where where = emulated::Where::current()) {
  emulated::multiply_async(sums, left, right, where);
}
GPU_DEVICE void commit_products(emulated::Where where = emulated::Where::current()) {
  emulated::commit_products(where);
}
template <int groups>
GPU_DEVICE void wait_products(emulated::Where where = emulated::Where::current()) {
  emulated::wait_products(groups, where);
}
template <int n>
GPU_DEVICE void finish_products(float (&)[n][64],
                                emulated::Where where = emulated::Where::current()) {
  emulated::wait_products(0, where);
}

}  // namespace robmask::gpu
