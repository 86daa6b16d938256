// The one symbol that this instruction set's object exports.

#include "engine/cpu/cpu_backend.h"

#define ROBMASK_JOIN(a, b) a##b
#define ROBMASK_ENTRY(isa) ROBMASK_JOIN(robmask_cpu_, isa)
#define ROBMASK_STRING(isa) #isa
#define ROBMASK_NAME(isa) ROBMASK_STRING(isa)

std::string robmask::ROBMASK_ISA::CpuBackend::kernels() const { return ROBMASK_NAME(ROBMASK_ISA); }

extern "C" robmask::Backend* ROBMASK_ENTRY(ROBMASK_ISA)() {
  return new robmask::ROBMASK_ISA::CpuBackend();
}
