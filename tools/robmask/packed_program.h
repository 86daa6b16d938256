#pragma once
// A program with weights behind its own bytes: the executable, a safetensors file, and a trailer
// {"robmask1", where the weights begin (u64), CRC-32 of all that stands before it (u32)}, numbers
// little-endian. Executables end where their headers say, so that what follows disturbs none.

#include <span>

#include "data/files/safetensors.h"

namespace robmask {

/// Writes such a file atomically, and makes it executable for those who may read it.
void write_packed_program(const Path& path, std::span<const std::byte> program,
                          const SafeTensors& weights);

/// The weights behind the program of that name. InputError if there are none, as in one that was
/// cut short, or if any byte is not as it was written.
SafeTensors read_packed_weights(const Path& program);

}  // namespace robmask
