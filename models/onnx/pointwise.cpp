// Operators on each element alone.

#include <cmath>
#include <limits>

#include "models/onnx/builder.h"

namespace robmask::onnx {

namespace {

using Kind = Activation::Kind;

/// An operator that is a function of the engine's, with ONNX's defaults of alpha and beta.
template <Kind kind>
void simple(Builder& b, const Node& node) {
  b.define(node, b.activated(b.in(node, 0), {kind}));
}

void leaky_relu(Builder& b, const Node& node) {
  b.define(node, b.activated(b.in(node, 0), {Kind::leaky_relu, node.attribute("alpha", 0.01)}));
}

void elu(Builder& b, const Node& node) {
  b.define(node, b.activated(b.in(node, 0), {Kind::elu, node.attribute("alpha", 1.0)}));
}

void hard_sigmoid(Builder& b, const Node& node) {
  b.define(node, b.activated(b.in(node, 0), {Kind::hard_sigmoid, node.attribute("alpha", 0.2),
                                             node.attribute("beta", 0.5)}));
}

void gelu(Builder& b, const Node& node) {
  const std::string by = node.attribute("approximate", std::string("none"));
  require(by == "none" || by == "tanh", "approximate: expected none or tanh, got {}",
          printable(by));
  b.define(node, b.activated(b.in(node, 0), {by == "none" ? Kind::gelu : Kind::gelu_tanh}));
}

/// x·tanh(log(1 + e^x))
void mish(Builder& b, const Node& node) {
  const Value x = b.made(b.in(node, 0));
  const Value t = b.activated(b.activated(x, {Kind::softplus}), {Kind::tanh});
  b.define(node, b.step({x, t}, x.dims, x.axes, [i = x.slot, j = t.slot](const Run& run) {
    return multiply(run.slots[i], run.slots[j]);
  }));
}

/// Limits are attributes up to opset 10, and inputs since.
void clip(Builder& b, const Node& node) {
  constexpr double most = std::numeric_limits<float>::max();
  const double low = b.has(node, 1) ? b.number(node, 1) : node.attribute("min", -most);
  const double high = b.has(node, 2) ? b.number(node, 2) : node.attribute("max", most);
  b.define(node, b.activated(b.in(node, 0), {Kind::clip, low, high}));
}

/// max(x, 0) + slope·min(x, 0), a slope for each channel or one
void prelu(Builder& b, const Node& node) {
  const Value x = b.made(b.in(node, 0));
  std::vector<double> slopes = b.numbers(node, 1);
  const Value& slope = b.in(node, 1);
  require(slopes.size() == 1 || (x.axes == "nchw" && slope.rank() == 3 &&
                                 slope.dims[0] == x.dims[1] && std::ssize(slopes) == x.dims[1]),
          "expected one slope, or one a channel, got the shape {}", to_string(slope.dims));
  const Value above = b.clamped(x);
  const Value mirrored = b.affine(x, {-1}, {});
  const Value below = b.clamped(mirrored);
  for (double& s : slopes) s = -s;
  const Value bent = b.affine(below, slopes, {});
  b.define(node,
           b.step({above, bent}, x.dims, x.axes, [i = above.slot, j = bent.slot](const Run& run) {
             return add(run.slots[i], run.slots[j]);
           }));
}

void neg(Builder& b, const Node& node) { b.define(node, b.affine(b.in(node, 0), {-1}, {})); }

void reciprocal(Builder& b, const Node& node) {
  b.define(node, b.activated(b.in(node, 0), {Kind::power, -1}));
}

/// Of channels, which is what classifiers have.
void softmax_of_channels(Builder& b, const Node& node) {
  const Value x = b.made(b.in(node, 0));
  const Index rank = x.rank(), axis = node.attribute("axis", Index{b.opset() < 13 ? 1 : -1});
  const Index at = axis < 0 ? axis + rank : axis;
  require(0 <= at && at < rank && x.axes[at] == 'c' && (b.opset() >= 13 || at == rank - 1),
          "a Softmax along other axes than the channels is not supported");
  b.warn(
      "a Softmax in it: where the network is sure of a class the gradient vanishes, and attacks "
      "that "
      "follow it look weaker than they are; export the logits before it");
  b.define(node, b.step({x}, x.dims, x.axes,
                        [s = x.slot](const Run& run) { return softmax(run.slots[s]); }));
}

}  // namespace

Operators pointwise_operators() {
  return {{"LeakyRelu", leaky_relu},
          {"PRelu", prelu},
          {"Elu", elu},
          {"Sigmoid", simple<Kind::sigmoid>},
          {"HardSigmoid", hard_sigmoid},
          {"HardSwish", simple<Kind::hard_swish>},
          {"Gelu", gelu},
          {"Mish", mish},
          {"Softplus", simple<Kind::softplus>},
          {"Tanh", simple<Kind::tanh>},
          {"Erf", simple<Kind::erf>},
          {"Exp", simple<Kind::exp>},
          {"Log", simple<Kind::log>},
          {"Sqrt", simple<Kind::sqrt>},
          {"Abs", simple<Kind::abs>},
          {"Clip", clip},
          {"Neg", neg},
          {"Reciprocal", reciprocal},
          {"Softmax", softmax_of_channels}};
}

}  // namespace robmask::onnx
