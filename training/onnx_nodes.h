#pragma once
// An ONNX graph as it is put together: each node, its value and its constants get names of their own.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/onnx/graph.h"

namespace robmask {

class OnnxNodes {
 public:
  /// A node of one output, both called unused(name). Returns that.
  std::string add(const std::string& name, const std::string& op, std::vector<std::string> inputs,
                  std::map<std::string, onnx::Attribute> attributes = {});
  /// A constant under exactly this name: of one that is there already, it is the same.
  const std::string& constant(const std::string& name, const HostTensor& value);
  /// Numbers as such a constant, in F32.
  const std::string& numbers(const std::string& name, std::vector<Index> shape,
                             const std::vector<float>& values);
  /// One number as such a constant, named after itself.
  const std::string& number(double value);

  void input(const onnx::Port& port);
  /// Makes `value` an output, under the port's name.
  void output(const onnx::Port& port, const std::string& value);
  /// `name`, or the first of name_2, name_3, … that nothing is called yet; it is taken from now on.
  std::string unused(const std::string& name);
  /// Keeps names that are to be given to constants away from nodes.
  void reserve(const std::string& name) { taken_.insert(name); }

  onnx::Graph take() { return std::move(graph_); }

 private:
  onnx::Graph graph_;
  std::set<std::string> taken_;
};

}  // namespace robmask
