#pragma once
// gpu.h's tensor cores and asynchronous copies on the device (PTX ISA, "Warp-level matrix
// instructions" and "cp.async"). Included by gpu_device.h only.

#include "engine/bfloat16.h"

namespace robmask::gpu {

/// Where shared memory lies, in the way that its instructions name it.
GPU_DEVICE unsigned shared_address(const void* memory) {
  return static_cast<unsigned>(__cvta_generic_to_shared(memory));
}

/// What one thread of a warp holds of 16 lines of a factor, 32 bytes of each: with g = lane / 4 and
/// t = lane % 4 the words of 4 bytes (line g, word t), (g + 8, t), (g, t + 4), (g + 8, t + 4).
struct Fragment {
  std::uint32_t words[4];
};

/// Brings four matrices of 8 rows of 16 bytes from shared memory: thread i of the warp names row
/// i % 8 of matrix i / 8, by an address that is a multiple of 16, and gets word (g, t) of each. All
/// 32 threads take part.
GPU_DEVICE Fragment load_matrix(const void* row) {
  Fragment f;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(f.words[0]), "=r"(f.words[1]), "=r"(f.words[2]), "=r"(f.words[3])
               : "r"(shared_address(row))
               : "memory");
  return f;
}

/// The same for matrices of 8×8 elements of 2 bytes, transposed: elements (2t, g) and (2t + 1, g).
GPU_DEVICE Fragment load_matrix_transposed(const void* row) {
  Fragment f;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(f.words[0]), "=r"(f.words[1]), "=r"(f.words[2]), "=r"(f.words[3])
               : "r"(shared_address(row))
               : "memory");
  return f;
}

/// sums += left · rightᵀ for 16 lines of the left factor, 8 of the right one and 32 bytes of the
/// depth: 16 bf16, or 8 floats, of which the upper 19 bits count (tf32). The right factor's words
/// are (g, t) and (g, t + 4); the sums are those of (g, 2t), (g, 2t + 1), (g + 8, 2t) and
/// (g + 8, 2t + 1). All 32 threads of the warp take part.
template <class T>
GPU_DEVICE void multiply_add(float (&sums)[4], const Fragment& left, std::uint32_t right,
                             std::uint32_t right_behind) {
  static_assert(std::is_same_v<T, bf16> || std::is_same_v<T, float>);
  if constexpr (std::is_same_v<T, bf16>)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(left.words[0]), "r"(left.words[1]), "r"(left.words[2]), "r"(left.words[3]),
          "r"(right), "r"(right_behind));
  else
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(left.words[0]), "r"(left.words[1]), "r"(left.words[2]), "r"(left.words[3]),
          "r"(right), "r"(right_behind));
}

/// The bits of a float rounded to tf32, to the nearest, ties away from zero.
GPU_DEVICE std::uint32_t round_to_tf32(std::uint32_t bits) {
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(__uint_as_float(bits)));
  return bits;
}

/// Two floats rounded to bf16, the first in the lower half.
GPU_DEVICE std::uint32_t round_to_bf16(float first, float second) {
  std::uint32_t both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
  return both;
}

/// 16 bytes from device to shared memory, past registers and L1; zeros if they are not `wanted`, and
/// then `from` may be anything. Addresses are multiples of 16. The bytes are there once their group
/// was waited for, and for other threads after a barrier behind that.
GPU_DEVICE void copy_async(void* to, const void* from, bool wanted = true) {
  const unsigned address = shared_address(to), bytes = wanted ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(bytes)
               : "memory");
}
/// Closes the group of this thread's copies since the last commit; a group may be empty.
GPU_DEVICE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits until all groups of this thread are there but the `groups` youngest.
template <int groups>
GPU_DEVICE void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory");
}

}  // namespace robmask::gpu
