#pragma once
// gpu.h's tensor cores and asynchronous copies on the CPU. Included by gpu_emulated.h only.

#include "engine/bfloat16.h"

namespace robmask::gpu {

struct Fragment {
  std::uint32_t words[4];
};

namespace emulated {

/// What one thread brings to a product of its warp.
struct Factors {
  float* sums;
  const Fragment* left;
  std::uint32_t right[2];
};

/// matrix.cpp. Each aborts unless the whole warp comes to it.
Fragment load_matrix(const void* row, bool transposed, Where where);
template <class T>
void multiply_add(Factors mine, Where where);

/// copies.cpp: the copies of the running thread. They are done when they are waited for; until then
/// their destination is poisoned.
void copy_async(void* to, const void* from, bool wanted, Where where);
void commit_copies();
void wait_copies(std::size_t groups);

}  // namespace emulated

GPU_DEVICE Fragment load_matrix(const void* row,
                                emulated::Where where = emulated::Where::current()) {
  return emulated::load_matrix(row, false, where);
}
GPU_DEVICE Fragment load_matrix_transposed(const void* row,
                                           emulated::Where where = emulated::Where::current()) {
  return emulated::load_matrix(row, true, where);
}

template <class T>
GPU_DEVICE void multiply_add(float (&sums)[4], const Fragment& left, std::uint32_t right,
                             std::uint32_t right_behind,
                             emulated::Where where = emulated::Where::current()) {
  emulated::multiply_add<T>({sums, &left, {right, right_behind}}, where);
}

GPU_DEVICE std::uint32_t round_to_tf32(std::uint32_t bits) {
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return nan ? 0x7fffffffu : (bits + 0x1000u) & ~0x1fffu;
}

GPU_DEVICE std::uint32_t round_to_bf16(float first, float second) {
  return bf16(first).bits | std::uint32_t{bf16(second).bits} << 16;
}

GPU_DEVICE void copy_async(void* to, const void* from, bool wanted = true,
                           emulated::Where where = emulated::Where::current()) {
  emulated::copy_async(to, from, wanted, where);
}
GPU_DEVICE void commit_copies() { emulated::commit_copies(); }
template <int groups>
GPU_DEVICE void wait_copies() {
  emulated::wait_copies(groups);
}

}  // namespace robmask::gpu
