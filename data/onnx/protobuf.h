#pragma once
// The system's libonnx, where it is there: classes for every message of an ONNX file.

#if __has_include(<onnx/onnx_pb.h>) && !defined(ROBMASK_WITHOUT_ONNX)
#define ROBMASK_ONNX
#define ONNX_NAMESPACE onnx
#define ONNX_ML 1
#include <onnx/onnx_pb.h>
#endif

#include "data/files/host_tensor.h"
#include "data/onnx/graph.h"

namespace robmask::onnx {

/// What a program without it says.
[[noreturn]] inline void throw_not_built_in() {
  throw Unavailable(
      "this program was built without ONNX: install Debian's libonnx-dev and libprotobuf-dev, then "
      "build again with make (static and packed programs never have it)");
}

#ifdef ROBMASK_ONNX
/// ONNX's types that have a counterpart here.
struct TypePair {
  int onnx;
  ElementType here;
};
constexpr auto element_types() {
  using T = ::onnx::TensorProto;
  using enum ElementType;
  return std::to_array<TypePair>({{T::FLOAT, f32},
                                  {T::DOUBLE, f64},
                                  {T::FLOAT16, f16},
                                  {T::BFLOAT16, bf16},
                                  {T::INT64, i64},
                                  {T::INT32, i32},
                                  {T::INT16, i16},
                                  {T::INT8, i8},
                                  {T::UINT64, u64},
                                  {T::UINT32, u32},
                                  {T::UINT16, u16},
                                  {T::UINT8, u8},
                                  {T::BOOL, boolean}});
}
#endif

}  // namespace robmask::onnx
