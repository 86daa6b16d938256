// Is a graph a classifier of images, and of which?

#include "models/onnx/compile.h"

namespace robmask::onnx {

namespace {

/// "'a', 'b'"
std::string names_of(const std::vector<Port>& ports) {
  std::vector<std::string> names;
  names.reserve(ports.size());
  for (const Port& port : ports) names.push_back(printable(port.name));
  return fmt::to_string(fmt::join(names, ", "));
}

}  // namespace

ImagePort image_port(const Graph& graph) {
  const std::vector<Port>& in = graph.inputs;
  require(in.size() != 2 || in[1].name != "p",
          "{}: its masks are blended in the graph, by its input p: export it at one mask, by "
          "`robmask export --mask`",
          graph.source);
  require(in.size() == 1, "{}: expected one input, images, got {}: {}", graph.source, in.size(),
          names_of(in));
  require(graph.outputs.size() == 1,
          "{}: expected one output, logits, got {}: {}; export the one that classifies",
          graph.source, graph.outputs.size(), names_of(graph.outputs));
  const std::vector<Index>& shape = in[0].shape;
  require(shape.size() == 4 && (shape[1] == 3 || shape[3] == 3 || shape[1] == open_size),
          "{}: expected images N·3·H·W, got the input {} of the shape {}", graph.source,
          printable(in[0].name), to_string(shape));
  const bool last = shape[1] != 3 && shape[3] == 3;
  const ImagePort port{shape[0], shape[last ? 1 : 2], shape[last ? 2 : 3], last};
  constexpr Index largest = 4096;
  require(port.height <= largest && port.width <= largest,
          "{}: expected images of at most {}x{} pixels, got {}x{}", graph.source, largest, largest,
          port.height, port.width);
  return port;
}

}  // namespace robmask::onnx
