#include <algorithm>
#include <limits>

#include "data/files/atomic_file.h"
#include "data/onnx/protobuf.h"
#include "engine/version.h"

namespace robmask::onnx {

#ifdef ROBMASK_ONNX

namespace {

void put(::onnx::TensorProto& to, const std::string& name, const HostTensor& tensor) {
  const auto types = element_types();
  const auto type = std::ranges::find(types, tensor.type, &TypePair::here);
  expect(type != types.end(), "ONNX has no numbers of type {}", name_of(tensor.type));
  to.set_name(name);
  to.set_data_type(type->onnx);
  for (const Index size : tensor.shape) to.add_dims(size);
  to.set_raw_data(tensor.data.data(), tensor.data.size());
}

/// Sets the value of an attribute, by its type.
struct PutAttribute {
  ::onnx::AttributeProto& to;

  void operator()(Index value) const {
    to.set_type(::onnx::AttributeProto::INT);
    to.set_i(value);
  }
  void operator()(double value) const {
    to.set_type(::onnx::AttributeProto::FLOAT);
    to.set_f(static_cast<float>(value));
  }
  void operator()(const std::string& value) const {
    to.set_type(::onnx::AttributeProto::STRING);
    to.set_s(value);
  }
  void operator()(const std::vector<Index>& values) const {
    to.set_type(::onnx::AttributeProto::INTS);
    for (const Index value : values) to.add_ints(value);
  }
  void operator()(const std::vector<double>& values) const {
    to.set_type(::onnx::AttributeProto::FLOATS);
    for (const double value : values) to.add_floats(static_cast<float>(value));
  }
  void operator()(const HostTensor& value) const {
    to.set_type(::onnx::AttributeProto::TENSOR);
    put(*to.mutable_t(), "", value);
  }
};

void put(::onnx::NodeProto& to, const Node& node) {
  to.set_name(node.name);
  to.set_op_type(node.op);
  for (const std::string& name : node.inputs) to.add_input(name);
  for (const std::string& name : node.outputs) to.add_output(name);
  for (const auto& [key, value] : node.attributes) {
    ::onnx::AttributeProto& attribute = *to.add_attribute();
    attribute.set_name(key);
    std::visit(PutAttribute{attribute}, value);
  }
}

/// Of floats, as all inputs and outputs of networks are.
void put(::onnx::ValueInfoProto& to, const Port& port) {
  to.set_name(port.name);
  auto& type = *to.mutable_type()->mutable_tensor_type();
  type.set_elem_type(::onnx::TensorProto::FLOAT);
  for (const Index size : port.shape) {
    auto& axis = *type.mutable_shape()->add_dim();
    if (size == open_size)
      axis.set_dim_param(port.open);
    else
      axis.set_dim_value(size);
  }
}

}  // namespace

void write(const Path& path, const Graph& graph) {
  constexpr int ir_version = 8;  // that of opset 17; later ones add nothing that is needed here
  ::onnx::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("robmask");
  model.set_producer_version(std::string(version));
  model.add_opset_import()->set_version(graph.opset);
  for (const auto& [key, value] : graph.metadata) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  ::onnx::GraphProto& to = *model.mutable_graph();
  to.set_name("network");
  for (const Node& node : graph.nodes) put(*to.add_node(), node);
  for (const auto& [name, tensor] : graph.tensors) put(*to.add_initializer(), name, tensor);
  for (const Port& port : graph.inputs) put(*to.add_input(), port);
  for (const Port& port : graph.outputs) put(*to.add_output(), port);
  const std::size_t bytes = model.ByteSizeLong();
  require(bytes <= std::numeric_limits<int>::max(),
          "{}: expected at most 2 GB, as protobuf has it, got {} bytes", path.string(), bytes);
  write_file(path, model.SerializeAsString());
}

#else

void write(const Path&, const Graph&) { throw_not_built_in(); }

#endif

}  // namespace robmask::onnx
