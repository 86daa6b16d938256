#pragma once
// Changes that keep what would stop a reader at the door: a header's length, an order of tensors, a
// checksum. All are of the kind of Mutate (fuzzer.h).

#include "tests/fuzz/fuzzer.h"

namespace robmask::fuzz {

/// Some of the values, names and members of a JSON text; or of each line of such a text, one.
std::string other_json(std::string text, std::size_t most, Random& random);
std::string other_json_lines(std::string lines, std::size_t most, Random& random);

/// The JSON or the data of a safetensors file, whose tensors often lie as its header says then.
std::string other_safetensors(std::string file, std::size_t most, Random& random);

/// The dict or the data of a .npy file of version 1.
std::string other_npy(std::string file, std::size_t most, Random& random);

/// The bytes of a picture; checksums of a PNG are those of its bytes again.
std::string other_picture(std::string file, std::size_t most, Random& random);

}  // namespace robmask::fuzz
