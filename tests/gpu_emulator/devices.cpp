// Which GPUs the emulator has: as a rule one, which no other process has, too.
// ROBMASK_EMULATED_GPUS=N in the environment: N of the whole machine.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "engine/cuda/gpu.h"

namespace robmask::gpu {

namespace {

/// 0: none that another process has, too.
int shared_devices() {
  const char* count = std::getenv("ROBMASK_EMULATED_GPUS");
  return count == nullptr ? 0 : std::atoi(count);
}

}  // namespace

int device_count() { return std::max(1, shared_devices()); }
void use_device(int) {}
std::string architecture(int) { return "emulated"; }
std::string place_of(int device) {
  return fmt::format("{}/{}", shared_devices() > 0 ? 0 : getpid(), device);
}

}  // namespace robmask::gpu
