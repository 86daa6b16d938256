#include "data/files/atomic_file.h"
#include "data/onnx/protobuf.h"

namespace robmask::onnx {

void write(const Path&, const Graph&) { throw_not_built_in(); }

}  // namespace robmask::onnx
