#pragma once

#include <cstdint>
#include <string_view>

namespace robmask {

/// What a file is by its first bytes, and what to do about it: "a zip archive, as PyTorch's .pt
/// files are; tools/convert/pt_to_safetensors.py converts it". Empty if it is nothing that is known
/// here. Of a longer file so many bytes are enough.
std::string_view kind_of(std::string_view first);
constexpr std::uint64_t telling_bytes = 272;

}  // namespace robmask
