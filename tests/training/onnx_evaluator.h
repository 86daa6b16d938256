#pragma once
// Computes an ONNX graph in naive loops and doubles, by the text of ONNX's Operators.md: those that
// exported networks are made of.

#include <map>
#include <string>
#include <vector>

#include "data/onnx/graph.h"

namespace robmask::test {

struct OnnxValue {
  std::vector<Index> shape;
  std::vector<double> data;
};

/// The graph's first output. Fails for inputs that are not the graph's, and for other operators.
OnnxValue evaluate(const onnx::Graph& graph, std::map<std::string, OnnxValue> inputs);

}  // namespace robmask::test
