#pragma once
// What the rest of the emulator tells and asks about products of a warpgroup.

#include "engine/cuda/gpu.h"

namespace robmask::gpu::emulated {

/// The running warp loads a fragment: no product may use it before a fence.
void note_fragment();
/// All threads of a block ended. Aborts if a warp did not wait for its products.
void end_products();

}  // namespace robmask::gpu::emulated
