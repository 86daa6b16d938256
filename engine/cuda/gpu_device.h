#pragma once
// gpu.h on the device. Included by gpu.h only.

#include <cuda_runtime.h>

#include <typeinfo>

namespace robmask::gpu {

/// The place of this thread in its block, and of this block in the grid.
GPU_DEVICE int thread() { return static_cast<int>(threadIdx.x); }
struct Position {
  unsigned x, y, z;
};
GPU_DEVICE Position block() { return {blockIdx.x, blockIdx.y, blockIdx.z}; }

/// All threads of the block arrive before any goes on; what they wrote before is seen by all.
GPU_DEVICE void barrier() { __syncthreads(); }

/// The value of the thread whose place in the warp is this one's ^ mask, or + distance (its own
/// past the end). All 32 threads of the warp take part.
template <class T>
GPU_DEVICE T shuffle_xor(T value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}
template <class T>
GPU_DEVICE T shuffle_down(T value, int distance) {
  return __shfl_down_sync(0xffffffffu, value, distance);
}

/// The larger one; NaN if one is.
GPU_DEVICE float maximum(float a, float b) {
  float larger;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(larger) : "f"(a), "f"(b));
  return larger;
}

/// One store of 16 bytes to device memory; of plain structs the compiler makes four.
GPU_DEVICE void store_chunk(void* to, const Chunk& c) {
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(c.words[0]),
               "r"(c.words[1]), "r"(c.words[2]), "r"(c.words[3])
               : "memory");
}

/// The block's shared memory, not initialized. One struct a kernel.
template <class Shared>
GPU_DEVICE Shared& shared() {
  extern __shared__ __align__(16) unsigned char memory[];
  return *reinterpret_cast<Shared*>(memory);
}

using Stream = cudaStream_t;
using Graph = cudaGraphExec_t;
using Event = cudaEvent_t;

/// Throws unless all is well: OutOfMemory; RunError with CUDA's own words if `what` itself cannot
/// be done; else throw_failure, for any call may report the error of a kernel started before it.
void check(cudaError_t status, const std::string& what);
/// The GPU that the calling thread means.
int current_device();
void started(Stream stream, const char* type);

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads) run(const __grid_constant__ Kernel kernel) {
  kernel();
}

/// Starts `blocks` blocks of Kernel::threads threads; nothing at all if there are no blocks.
template <class Kernel>
void launch(Stream stream, Blocks blocks, const Kernel& kernel) {
  static_assert(is_kernel<Kernel>, "plain fields, whole warps, no more than a block may share");
  constexpr std::size_t bytes = SharedBytes<Kernel>::value;
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0) return;
  if constexpr (bytes > 48 * 1024) {
    thread_local int allowed_on = -1;  // each GPU wants to be told
    if (const int device = current_device(); allowed_on != device) {
      check(cudaFuncSetAttribute(run<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 static_cast<int>(bytes)),
            "shared memory of a kernel");
      allowed_on = device;
    }
  }
  const dim3 grid(blocks.x, blocks.y, blocks.z);
  run<Kernel><<<grid, Kernel::threads, bytes, stream>>>(kernel);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) check(status, "starting " + kernel_name(typeid(Kernel).name()));
  started(stream, typeid(Kernel).name());
}

}  // namespace robmask::gpu

#include "engine/cuda/gpu_device_matrix.h"
