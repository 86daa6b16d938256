#pragma once
// What protobuf keeps of fields that its messages do not have stands in no arena.

#include "data/onnx/protobuf.h"

#ifdef ROBMASK_ONNX

#include <string_view>

namespace robmask::onnx {

/// At least as much memory as that takes when the bytes of a ModelProto are read, without the bytes
/// of the fields themselves.
std::size_t memory_of_unknown_fields(std::string_view model);

}  // namespace robmask::onnx

#endif
