// Picks the CPU backend for this processor.

#include <memory>

#include "engine/backend.h"

// Each is defined by engine/cpu/entry.cpp, compiled for that instruction set. The Makefile says
// which ones this build has.
extern "C" {
robmask::Backend* robmask_cpu_generic();
robmask::Backend* robmask_cpu_avx2();
robmask::Backend* robmask_cpu_avx512();
}

namespace robmask {

std::unique_ptr<Backend> make_cpu_backend() {
#if defined(ROBMASK_CPU_avx512)
  if (__builtin_cpu_supports("x86-64-v4")) return std::unique_ptr<Backend>(robmask_cpu_avx512());
#endif
#if defined(ROBMASK_CPU_avx2)
  if (__builtin_cpu_supports("x86-64-v3")) return std::unique_ptr<Backend>(robmask_cpu_avx2());
#endif
#if defined(ROBMASK_CPU_generic)
  return std::unique_ptr<Backend>(robmask_cpu_generic());
#else
  throw Unavailable("this build has no kernels for this processor; build with ISA=generic");
#endif
}

}  // namespace robmask
