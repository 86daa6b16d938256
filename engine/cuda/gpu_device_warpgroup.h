#pragma once
// gpu.h's products of a warpgroup on the device (PTX ISA, "Asynchronous warpgroup level matrix
// instructions"). They exist for sm_90a only; what is compiled for others must not be started.
// Included by gpu_device.h only.

#include "engine/cuda/gpu_device_matrix.h"

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define GPU_WARPGROUP(...) asm volatile(__VA_ARGS__)
#else
#define GPU_WARPGROUP(...) __trap()
#endif

namespace robmask::gpu {

/// Where the 128 lines of a right factor, 32 bytes of the depth, lie in shared memory: the word
/// that its instructions take, without swizzle. Eight lines lie 16 bytes apart.
struct SharedLines {
  std::uint64_t descriptor;

  /// The same, begun so many times 16 bytes further.
  GPU_DEVICE SharedLines further(int chunks) const { return {descriptor + chunks}; }
};

/// The lines whose first begins at `first`, the second 16 bytes of the depth `half` bytes behind
/// the first 16, each eight lines `group` bytes behind the eight before: all multiples of 16.
GPU_DEVICE SharedLines shared_lines(const void* first, int half, int group) {
  return {shared_address(first) / 16 | std::uint64_t{static_cast<unsigned>(half / 16)} << 16 |
          std::uint64_t{static_cast<unsigned>(group / 16)} << 32};
}

/// A barrier behind which products see what the threads of the block wrote to shared memory before
/// it, copies that they waited for too. Behind any other they may see what was there before.
GPU_DEVICE void barrier_before_products() {
  GPU_WARPGROUP("fence.proxy.async.shared::cta;" ::: "memory");
  barrier();
}

/// Keeps the compiler from moving what is done to the sums to the other side.
template <int n>
GPU_DEVICE void pin(float (&sums)[n][64]) {
  GPU_UNROLL
  for (auto& part : sums) {
    GPU_UNROLL
    for (float& sum : part) asm volatile("" : "+f"(sum)::"memory");
  }
}

/// Comes between what a thread does to sums and fragments and the next product of these registers.
/// All 32 threads of the warp take part, here and in what follows.
template <int n>
GPU_DEVICE void fence_registers(float (&sums)[n][64]) {
  pin(sums);
  GPU_WARPGROUP("wgmma.fence.sync.aligned;" ::: "memory");
}

#define GPU_SUMS(i)                                                                          \
  "+f"(sums[i]), "+f"(sums[i + 1]), "+f"(sums[i + 2]), "+f"(sums[i + 3]), "+f"(sums[i + 4]), \
      "+f"(sums[i + 5]), "+f"(sums[i + 6]), "+f"(sums[i + 7])

/// Begins sums += left · rightᵀ for 64 lines of the left factor, 128 of the right one and 16 bf16
/// of the depth. The four warps of a warpgroup, 128 threads from a multiple of 128 on, come to it
/// together. Warp w brings lines 16w to 16w + 15 of the left factor, and with g = lane / 4 and
/// t = lane % 4 a thread has of columns 8j + 2t and 8j + 2t + 1 the sums of lines 16w + g, then of
/// 16w + g + 8, from 4j on. Until they were waited for, neither sums nor `left` may be touched, nor
/// the right factor be overwritten.
GPU_DEVICE void multiply_async(float (&sums)[64], const Fragment& left, SharedLines right) {
  GPU_WARPGROUP(
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, "
      "%20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, "
      "%38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, "
      "%56, %57, %58, %59, %60, %61, %62, %63}, {%64, %65, %66, %67}, %68, 1, 1, 1, 0;"
      : GPU_SUMS(0), GPU_SUMS(8), GPU_SUMS(16), GPU_SUMS(24), GPU_SUMS(32), GPU_SUMS(40),
        GPU_SUMS(48), GPU_SUMS(56)
      : "r"(left.words[0]), "r"(left.words[1]), "r"(left.words[2]), "r"(left.words[3]),
        "l"(right.descriptor)
      : "memory");
}

#undef GPU_SUMS

/// Closes the group of products since the last commit.
GPU_DEVICE void commit_products() {
  GPU_WARPGROUP("wgmma.commit_group.sync.aligned;" ::: "memory");
}
/// Waits until the products of all groups are done but of the `groups` youngest.
template <int groups>
GPU_DEVICE void wait_products() {
  GPU_WARPGROUP("wgmma.wait_group.sync.aligned %0;" ::"n"(groups) : "memory");
}
/// Waits for all; then their sums may be read.
template <int n>
GPU_DEVICE void finish_products(float (&sums)[n][64]) {
  wait_products<0>();
  pin(sums);
}

}  // namespace robmask::gpu

#undef GPU_WARPGROUP
