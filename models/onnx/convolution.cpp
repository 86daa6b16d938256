// Conv and BatchNormalization, with the Relu and Add behind them.

#include <algorithm>
#include <cmath>

#include "models/onnx/sliding.h"

namespace robmask::onnx {

namespace {

/// A kernel of any shape as the square one that computes the same: zeros between its taps where it
/// is dilated, and behind them where it is not square.
HostTensor squared(const HostTensor& weight, const Sliding& s, Index side) {
  const std::vector<Index>& shape = weight.shape;
  const std::vector<double> from = numbers(weight);
  const Index filters = shape[0] * shape[1];
  std::vector<double> to(filters * side * side, 0);
  for (Index f = 0; f < filters; ++f)
    for (Index i = 0; i < shape[2]; ++i)
      for (Index j = 0; j < shape[3]; ++j)
        to[(f * side + i * s.dilation[0]) * side + j * s.dilation[1]] =
            from[(f * shape[2] + i) * shape[3] + j];
  return host_tensor({shape[0], shape[1], side, side}, to);
}

void conv(Builder& b, const Node& node) {
  // x: N C H W    w: Cout C/groups kh kw    bias: Cout
  const Value &x = b.in(node, 0), &w = b.in(node, 1);
  require(w.is_constant(), "a convolution with computed weights is not supported");
  require(x.rank() == 4 && w.rank() == 4,
          "expected maps N·C·H·W and weights of 4 axes, got {} and {}: convolutions along one or "
          "three axes are not supported",
          to_string(x.dims), to_string(w.dims));
  const Index groups = node.attribute("group", Index{1}), outputs = w.dims[0];
  require(1 <= groups && groups <= x.dims[1] && w.count() > 0 && w.dims[1] * groups == x.dims[1] &&
              outputs % groups == 0,
          "weights {} in {} groups do not fit {} channels", to_string(w.dims), groups, x.dims[1]);
  const Sliding s = sliding_of(node, {w.dims[2], w.dims[3]}, x);
  const auto said = node.attribute("kernel_shape", std::vector<Index>{w.dims[2], w.dims[3]});
  require(said == std::vector<Index>{w.dims[2], w.dims[3]},
          "kernel_shape is not that of the weights");

  const Index side = std::max(s.extent(0), s.extent(1));
  const bool same_taps = s.kernel[0] == side && s.kernel[1] == side;
  const bool plain = s.extent(0) == s.extent(1) && s.pads_alike();
  if (!same_taps) b.take_room(outputs * w.dims[1] * side * side);
  Convolution c{.x = plain ? b.map(x) : framed(b, x, s, side, 0), .weight = {}};
  c.window = {side, s.stride[0], plain ? s.before[0] : 0, groups};
  const auto values =
      same_taps ? w.constant : std::make_shared<HostTensor>(squared(*w.constant, s, side));
  const std::string name = w.name.empty() ? node.name + ".weight" : w.name;
  c.weight = b.hold(name, Role::conv_weight, {side, side, w.dims[1], outputs}, values);
  if (b.has(node, 2)) {
    c.bias = b.numbers(node, 2);
    c.bias_name = b.in(node, 2).name.empty() ? node.name + ".bias" : b.in(node, 2).name;
    require(std::ssize(c.bias) == outputs, "expected {} biases, got {}", outputs, c.bias.size());
  }
  b.define(node, b.pending(c, {x.dims[0], outputs, s.output(0, x.dims[2]), s.output(1, x.dims[3])},
                           "nchw"));
}

void batch_normalization(Builder& b, const Node& node) {
  // x: N C …    γ, β, μ, σ²: C
  require(
      node.attribute("training_mode", Index{0}) == 0 && node.attribute("spatial", Index{1}) == 1,
      "it normalizes by the batch: export the model in eval mode");
  const Value& x = b.in(node, 0);
  require(x.rank() == 4 || x.rank() == 2, "expected maps N·C·H·W, got {}", to_string(x.dims));
  const Index channels = x.dims[1];
  std::array<std::vector<double>, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = b.numbers(node, i + 1);
    require(std::ssize(parts[i]) == channels, "expected {} numbers in its input {}, got {}",
            channels, i + 1, parts[i].size());
  }
  const std::string axes = x.rank() == 4 ? "nchw" : "nc";
  Convolution c{.x = {}, .weight = {}};
  if (b.grows(node.inputs[0]) && !x.pending->norm && !x.pending->residual && !x.pending->relu)
    c = *x.pending;
  else
    c.x = b.arranged(x, axes);
  // norm(x ⋆ w + bias) has the mean μ − bias.
  for (std::size_t i = 0; i < c.bias.size(); ++i) parts[2][i] -= c.bias[i];
  c.bias.clear();
  constexpr std::pair<const char*, Role> names[] = {{"weight", Role::mask_weight},
                                                    {"bias", Role::mask_bias},
                                                    {"running_mean", Role::running_mean},
                                                    {"running_var", Role::running_variance}};
  c.norm.emplace();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& name = b.in(node, i + 1).name;
    c.norm->at(i) = b.hold(name.empty() ? fmt::format("{}.{}", node.name, names[i].first) : name,
                           names[i].second, parts[i]);
  }
  c.eps = node.attribute("epsilon", 1e-5);
  require(c.eps >= 0 && std::isfinite(c.eps), "expected an epsilon from 0 on, got {}", c.eps);
  b.define(node, b.pending(c, x.dims, axes));
}

void relu_behind(Builder& b, const Node& node) {
  const Value& x = b.in(node, 0);
  if (b.grows(node.inputs[0]) && !x.pending->relu) {
    Convolution c = *x.pending;
    c.relu = true;
    return b.define(node, b.pending(c, x.dims, x.axes));
  }
  b.define(node, b.clamped(x));
}

}  // namespace

bool add_behind(Builder& b, const Node& node) {
  for (const int main : {0, 1}) {
    const Value &x = b.in(node, main), &other = b.in(node, 1 - main);
    if (other.is_constant() || x.is_constant() || x.dims != other.dims) return false;
    if (!b.grows(node.inputs[main]) || x.pending->residual || x.pending->relu) continue;
    Convolution c = *x.pending;
    c.residual = b.arranged(other, x.axes);
    b.define(node, b.pending(c, x.dims, x.axes));
    return true;
  }
  return false;
}

Operators convolution_operators() {
  return {{"Conv", conv}, {"BatchNormalization", batch_normalization}, {"Relu", relu_behind}};
}

}  // namespace robmask::onnx
