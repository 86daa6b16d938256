#pragma once
// What the rest of the emulator asks about asynchronous copies.

#include "engine/cuda/gpu.h"

namespace robmask::gpu::emulated {

/// A row of a matrix is about to be loaded. Aborts if it is not in shared memory, or on its way
/// there.
void require_arrived(const void* row, const Where& where);
/// All threads of a block ended. Aborts if one did not wait for its copies.
void end_copies();
/// Where the copy was started that is being done; nullptr between copies.
const Where* copy_being_done();

}  // namespace robmask::gpu::emulated
