#pragma once
// The JSON header of a safetensors file, checked against the format.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/files/host_tensor.h"

namespace robmask {

/// Where a tensor lies: bytes [begin, end) counted from the start of the data.
struct TensorEntry {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<Index> shape;
  std::uint64_t begin = 0, end = 0;
};

struct SafeTensorsHeader {
  std::vector<TensorEntry> entries;  // in the order of the text
  std::map<std::string, std::string> metadata;
};

/// Parses the header of `source` and requires that its tensors tile `data_bytes` bytes exactly.
/// The text is read as a stream of events, so a nesting bomb ends at its first bracket.
SafeTensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes,
                                           const std::string& source);

}  // namespace robmask
