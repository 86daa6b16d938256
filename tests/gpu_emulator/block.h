#pragma once
// Runs kernels on this processor.

#include "engine/cuda/gpu.h"

namespace robmask::gpu::emulated {

/// Runs all blocks of a launch, one after another in an order that the seed decides.
void run(const Launch& launch);
/// The kernel that runs and the place of the running thread, in words; empty between kernels.
std::string running_thread();
/// File and line.
std::string in_words(const Where& where);

}  // namespace robmask::gpu::emulated
