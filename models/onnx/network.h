#pragma once
// A network that an ONNX file describes, among those that are known by name.

#include <string>
#include <vector>

#include "data/files/safetensors.h"
#include "data/onnx/graph.h"

namespace robmask::onnx {

struct Imported {
  /// The weights under their names in the graph, and metadata as checkpoints have them: `model` is
  /// the path, by which the network is known from now on.
  SafeTensors weights;
  std::vector<std::string> warnings = {};  // none where the file was read before
};

/// Reads a file, compiles its graph (models/onnx/compile.h) and defines a network of its path,
/// which takes images N·H·W·3 in [0,1] and computes what the graph computes, in f32 or f64. Where
/// the graph leaves the images' size open, it is that of the images. Throws like read() and
/// compile().
Imported import_network(const Path& path);

/// The same of a graph that is there already, under the name of its source.
Imported import_network(Graph graph);

/// Is a network of that name one of these?
bool is_imported(const std::string& name);
/// Its graph's operators, each once, in alphabetical order.
std::vector<std::string> operators_of(const std::string& name);

}  // namespace robmask::onnx
