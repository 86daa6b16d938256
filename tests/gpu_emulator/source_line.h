#pragma once
// Source lines of instructions.

#include <string>

namespace robmask::gpu::emulated {

/// " at FILE:LINE", and from where that was called inline, of the instruction at which a signal
/// came: `context` is what its handler gets. Empty if it is not known, as without the program
/// addr2line or outside of this one.
std::string at_source_line(const void* context);

}  // namespace robmask::gpu::emulated
