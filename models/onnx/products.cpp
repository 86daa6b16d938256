// Gemm and MatMul with constant matrices: linear layers.

#include <algorithm>

#include "models/onnx/builder.h"

namespace robmask::onnx {

namespace {

/// A constant matrix as files hold a linear layer's weights, [outputs, inputs], times a factor.
std::shared_ptr<const HostTensor> linear_weights(const Value& w, bool transposed, double factor) {
  if (transposed && factor == 1) return w.constant;
  const Index rows = w.dims[0], columns = w.dims[1];
  const std::vector<double> from = numbers(*w.constant);
  std::vector<double> to(from.size());
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j)
      to[transposed ? i * columns + j : j * rows + i] = factor * from[i * columns + j];
  return std::make_shared<HostTensor>(
      host_tensor(transposed ? std::vector{rows, columns} : std::vector{columns, rows}, to));
}

int hold_weights(Builder& b, const Node& node, const Value& w, bool transposed, double factor,
                 Index inputs) {
  require(w.is_constant() && w.rank() == 2 && w.count() > 0,
          "expected a product with a constant matrix, got {}",
          w.is_constant() ? to_string(w.dims) : "a computed one, as attention has it");
  if (!transposed || factor != 1) b.take_room(w.count());
  const auto weights = linear_weights(w, transposed, factor);
  require(weights->shape[1] == inputs, "a matrix {} does not fit {} inputs", to_string(w.dims),
          inputs);
  return b.hold(w.name.empty() ? node.name + ".weight" : w.name, Role::linear_weight,
                {1, 1, inputs, weights->shape[0]}, weights);
}

/// y = alpha·x·w + beta·bias
void gemm(Builder& b, const Node& node) {
  const Value& value = b.in(node, 0);
  require(value.rank() == 2 && node.attribute("transA", Index{0}) == 0,
          "expected a matrix with a row for each image, got {}", to_string(value.dims));
  const Value x = b.arranged(value, "nc");
  const bool transposed = node.attribute("transB", Index{0}) != 0;
  const int w =
      hold_weights(b, node, b.in(node, 1), transposed, node.attribute("alpha", 1.0), x.dims[1]);
  const Index outputs = b.in(node, 1).dims[transposed ? 0 : 1];
  std::vector<double> bias(1, 0);
  if (b.has(node, 2)) bias = b.numbers(node, 2);
  for (double& v : bias) v *= node.attribute("beta", 1.0);
  if (bias.size() == 1) bias.resize(outputs, bias[0]);
  require(std::ssize(bias) == outputs &&
              (!b.has(node, 2) || b.in(node, 2).count() == 1 || b.in(node, 2).dims.back() != 1),
          "expected {} biases, got {}", outputs, bias.size());
  const std::string name = b.has(node, 2) ? b.in(node, 2).name : "";
  const int shift = b.has(node, 2)
                        ? b.hold(name.empty() ? node.name + ".bias" : name, Role::linear_bias, bias)
                        : b.hold(bias);
  b.define(node, b.step({x}, {batch_size, outputs}, "nc", [s = x.slot, w, shift](const Run& run) {
    return linear(run.slots[s], run.held[w], run.held[shift]);
  }));
}

/// Along the last axis: of each pixel where the channels are last.
void matmul(Builder& b, const Node& node) {
  Value x = b.made(b.in(node, 0));
  require(x.rank() >= 2, "expected values of each image, got {}", to_string(x.dims));
  if (x.axes.back() != 'c')
    x = b.arranged(x, x.rank() == 4 ? "nhwc" : x.rank() == 3 ? "nhc" : "nc");
  const int w = hold_weights(b, node, b.in(node, 1), false, 1, x.dims.back());
  std::vector<Index> dims = x.dims;
  dims.back() = b.in(node, 1).dims[1];
  b.define(node, b.step({x}, dims, x.axes, [s = x.slot, w](const Run& run) {
    return conv2d(run.slots[s], run.held[w], {});
  }));
}

}  // namespace

Operators product_operators() { return {{"Gemm", gemm}, {"MatMul", matmul}}; }

}  // namespace robmask::onnx
