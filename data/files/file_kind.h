#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace robmask {

/// ".npy" of "Logits.NPY"
std::string ending_of(const std::filesystem::path& file);

struct FileKind {
  std::string_view words;  // what it is and, at times, what to do: "compressed by gzip; unpack it
                           // first". Empty if it is nothing that is known here.
  bool may_be_torchs = false;  // of the kinds that torch.save writes
};

/// What a file is by its first bytes, of which so many are enough.
FileKind kind_of(std::string_view first);
constexpr std::uint64_t telling_bytes = 272;

/// The command that makes safetensors of PyTorch's file.
std::string conversion_of(const std::string& file);

}  // namespace robmask
