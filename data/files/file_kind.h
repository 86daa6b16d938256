#pragma once

#include "data/files/input_file.h"

namespace robmask {

/// What a file is by its first bytes, and what to do about it: "a zip archive, as PyTorch's .pt files
/// are; tools/convert/pt_to_safetensors.py converts it". Empty if it is nothing that is known here.
/// first_bytes() are enough.
std::string_view kind_of(std::string_view first);
std::string first_bytes(const InputFile& file);

}  // namespace robmask
