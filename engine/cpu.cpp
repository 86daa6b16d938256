// Picks the CPU backend for this processor.

#include <memory>

#include "engine/backend.h"

// Each is defined by engine/cpu/entry.cpp, compiled for that instruction set.
extern "C" {
robmask::Backend* robmask_cpu_generic();
#if defined(__x86_64__)
robmask::Backend* robmask_cpu_avx2();
robmask::Backend* robmask_cpu_avx512();
#endif
}

namespace robmask {

std::unique_ptr<Backend> make_cpu_backend() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) return std::unique_ptr<Backend>(robmask_cpu_avx512());
  if (__builtin_cpu_supports("x86-64-v3")) return std::unique_ptr<Backend>(robmask_cpu_avx2());
#endif
  return std::unique_ptr<Backend>(robmask_cpu_generic());
}

}  // namespace robmask
