#pragma once
// How the kernels of this ladder read, write and multiply, so that all of it can be counted: on a
// device an access is a plain one of so many bytes, on the emulator it is noted as well.
//
// What is counted is what is written: a compiler may join neighbouring accesses of a thread.
//
// A thread that wants nothing where its warp reads or writes says so (`wanted`) instead of going
// around it: the k-th access of each lane at a line of the source is one request of the warp.

#include <cstring>

#include "engine/cuda/gpu.h"

#if !defined(__CUDACC__)
#include "tests/gpu_emulator/counts.h"
#endif

namespace robmask::ladder {

#if defined(__CUDACC__)

/// What instructions move: a Chunk is to be one access of 16 bytes, where the compiler may make
/// four of the struct.
template <class T>
using Moved = std::conditional_t<sizeof(T) == 16, uint4, T>;

/// The T at an address, a multiple of its size; zeros if it is not wanted.
template <class T>
GPU_DEVICE T load(const void* from, bool wanted = true) {
  if (!wanted) return T{};
  const auto moved = *static_cast<const Moved<T>*>(from);
  return __builtin_bit_cast(T, moved);
}

template <class T>
GPU_DEVICE void store(void* to, const T& value) {
  *static_cast<Moved<T>*>(to) = __builtin_bit_cast(Moved<T>, value);
}

/// sum += a · b
GPU_DEVICE void multiply_add(float& sum, float a, float b) { sum += a * b; }

#else

using gpu::emulated::Access, gpu::emulated::Where;

template <class T>
T load(const void* from, bool wanted = true, const Where& where = Where::current()) {
  if (gpu::emulated::counting)
    gpu::emulated::note(Access::load, wanted ? from : nullptr, sizeof(T), where);
  T value{};
  if (wanted) std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void store(void* to, const T& value, const Where& where = Where::current()) {
  if (gpu::emulated::counting) gpu::emulated::note(Access::store, to, sizeof(T), where);
  std::memcpy(to, &value, sizeof value);
}

inline void multiply_add(float& sum, float a, float b) {
  ++gpu::emulated::counts.multiply_adds;
  sum += a * b;
}

#endif

}  // namespace robmask::ladder
