#pragma once
// A network as ONNX files describe it (github.com/onnx/onnx, docs/IR.md): nodes in the order of
// computation, each with named inputs and outputs, and the tensors that are known beforehand.

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "data/files/host_tensor.h"
#include "data/files/input_file.h"

namespace robmask::onnx {

/// INT and INTS, FLOAT and FLOATS, STRING, TENSOR.
using Attribute =
    std::variant<Index, double, std::string, std::vector<Index>, std::vector<double>, HostTensor>;

struct Node {
  std::string name;                          // may be empty
  std::string op;                            // "Conv"
  std::vector<std::string> inputs, outputs;  // "" where an optional one is absent
  std::map<std::string, Attribute> attributes = {};

  /// An attribute, or `otherwise` where there is none. InputError for one of another kind.
  template <class T>
  T attribute(const std::string& key, T otherwise) const;
};

/// What messages call a node: node '/conv1/Conv' (Conv)
std::string describe(const Node& node);

/// An input or output of the graph. Sizes that are left open are open_size.
struct Port {
  std::string name;
  std::vector<Index> shape;
  std::string open = "batch";  // what write() calls the open size: those of one name are equal
};
constexpr Index open_size = -1;

/// Versions of ONNX's operators that are understood.
constexpr Index oldest_opset = 7, newest_opset = 23;

struct Graph {
  std::vector<Node> nodes;
  std::map<std::string, HostTensor> tensors = {};  // initializers, by their names
  std::vector<Port> inputs, outputs;               // without initializers
  Index opset = 17;                                // of ONNX's own operators
  std::map<std::string, std::string> metadata = {};
  std::string source = {};        // the file it was read from, for messages
  std::vector<Path> beside = {};  // files that hold tensors of it
};

template <class T>
T Node::attribute(const std::string& key, T otherwise) const {
  const auto at = attributes.find(key);
  if (at == attributes.end()) return otherwise;
  const T* value = std::get_if<T>(&at->second);
  require(value != nullptr, "its attribute {} is of another type than ONNX says", printable(key));
  return *value;
}

/// Whether this build can read and write such files; else read() and write() throw Unavailable, which
/// says what to install.
bool is_built_in();
/// Throws that at once, where work would come before the writing.
void require_built_in();

/// Reads a graph and the tensors beside it. Memory is bounded by sixteen times the file's size, a
/// mebibyte at least. InputError for a file that is none, cut short or larger than 2 GB; for a
/// graph that is not in order (a cycle), an undefined input, names that come twice, shapes that
/// their data do not fill, types that HostTensor does not have (text, complex numbers, 4 bits);
/// for data in files that are missing, too short or not in the folder of the graph or below; for
/// functions, subgraphs, operators of other domains, and an opset outside 7 to 23.
Graph read(const Path& path);

/// Writes a graph atomically, its tensors in it.
void write(const Path& path, const Graph& graph);

}  // namespace robmask::onnx
