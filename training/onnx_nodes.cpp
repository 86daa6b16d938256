#include "training/onnx_nodes.h"

#include <algorithm>

namespace robmask {

std::string OnnxNodes::add(const std::string& name, const std::string& op,
                           std::vector<std::string> inputs,
                           std::map<std::string, onnx::Attribute> attributes) {
  const std::string own = unused(name);
  graph_.nodes.push_back({own, op, std::move(inputs), {own}, std::move(attributes)});
  return own;
}

std::string OnnxNodes::unused(const std::string& name) {
  std::string own = name;
  for (Index number = 2; !taken_.insert(own).second; ++number)
    own = fmt::format("{}_{}", name, number);
  return own;
}

const std::string& OnnxNodes::constant(const std::string& name, const HostTensor& value) {
  const auto [at, added] = graph_.tensors.emplace(name, value);
  expect(added || at->second == value, "two constants named {}", name);
  reserve(name);
  return at->first;
}

const std::string& OnnxNodes::numbers(const std::string& name, std::vector<Index> shape,
                                      const std::vector<float>& values) {
  return constant(name, host_tensor(std::move(shape), values));
}

const std::string& OnnxNodes::number(double value) {
  return numbers(fmt::format("constant.{}", value), {}, {static_cast<float>(value)});
}

void OnnxNodes::input(const onnx::Port& port) {
  reserve(port.name);
  graph_.inputs.push_back(port);
}

void OnnxNodes::output(const onnx::Port& port, const std::string& value) {
  for (onnx::Node& node : graph_.nodes) {
    std::ranges::replace(node.inputs, value, port.name);
    std::ranges::replace(node.outputs, value, port.name);
  }
  graph_.outputs.push_back(port);
}

}  // namespace robmask
