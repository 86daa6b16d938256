#include "data/onnx/graph.h"

#include "data/onnx/protobuf.h"

namespace robmask::onnx {

std::string describe(const Node& node) {
  const std::string& name =
      node.name.empty() && !node.outputs.empty() ? node.outputs[0] : node.name;
  return fmt::format("node {} ({})", printable(name), node.op);
}

void require_built_in() {
  if (!is_built_in()) throw_not_built_in();
}

}  // namespace robmask::onnx
