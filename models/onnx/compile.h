#pragma once
// From a graph to a program: a list of steps, each an op of the tape on maps N·H·W·C. Sizes are all
// known but that of the batch; what depends on constants alone is computed here, once.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/ops.h"
#include "layers/scope.h"
#include "models/onnx/value.h"

namespace robmask::onnx {

/// A tensor that the steps read. With a role it is one of the model's, under its name in the graph;
/// without, a constant of the computation.
struct Held {
  std::string name;
  std::optional<Role> role;
  Shape shape;
  std::shared_ptr<const HostTensor> values;  // in files' order (layers/scope.h), or N·H·W·C
};

/// What a step reads: results of earlier steps, what is held, and how it is run.
struct Run {
  std::vector<Variable> slots;
  const std::vector<Variable>& held;
  const Context& context;
};

struct Step {
  std::vector<int> inputs;  // slots
  int output;
  std::function<Variable(const Run&)> compute;
  /// Of a step that ends in an activation: the norm's or the convolution's name, or "activation".
  /// Contexts that watch are told its result.
  std::string watched = {};
};

struct Program {
  std::vector<Held> held;
  std::vector<Step> steps;
  int input = 0, output = 0;  // slots: the images, N·H·W·3 in [0,1], and the logits
  int slots = 0;
  Index classes = 0;
  std::vector<std::string> warnings = {};
};

/// The program of a graph for images of that size. InputError, which names the node, for what is
/// not supported, for shapes that do not fit, and for a graph that is no classifier of images.
Program compile(const Graph& graph, Index height, Index width);

/// Of images: their sizes, or open_size; batch: what the graph says of their number. InputError for
/// a graph of another number of inputs or outputs than one, and for inputs that are no images of
/// three channels.
struct ImagePort {
  Index batch = open_size, height = open_size, width = open_size;
  bool channels_last = false;
};
ImagePort image_port(const Graph& graph);

}  // namespace robmask::onnx
