#include "data/onnx/graph.h"

namespace robmask::onnx {

std::string describe(const Node& node) {
  const std::string& name =
      node.name.empty() && !node.outputs.empty() ? node.outputs[0] : node.name;
  return fmt::format("node {} ({})", printable(name), node.op);
}

}  // namespace robmask::onnx
