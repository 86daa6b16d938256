#include "training/onnx_trace.h"

#include <cmath>

#include "training/onnx_activations.h"

namespace robmask {

namespace {

/// In F32, whatever the precision.
HostTensor as_f32(const HostTensor& tensor) {
  return host_tensor(tensor.shape, tensor.to<float>());
}

std::vector<float> floats_of(const Tensor& tensor) {
  const std::vector<double> values = tensor.to_doubles();
  return {values.begin(), values.end()};
}

std::map<std::string, onnx::Attribute> attributes_of(const Window& window) {
  const auto twice = [](Index n) { return std::vector<Index>{n, n}; };
  return {{"kernel_shape", twice(window.kernel)},
          {"strides", twice(window.stride)},
          {"pads", std::vector<Index>(4, window.pad)}};
}

}  // namespace

OnnxTrace::OnnxTrace(const Model& model, const Variable& images) {
  for (const StoredTensor& t : stored_tensors(model)) {
    if (t.row == 0) tensors_.emplace(t.entry->variable.value().bytes(), t);
    nodes_.reserve(t.name);
  }
  const Shape& s = images.shape();
  nodes_.input({.name = "images", .shape = {onnx::open_size, s.c, s.h, s.w}});
  nodes_.reserve("logits");
  stretches_.write(images, "images");
  if (model.spec().masks > 1) masks_.emplace(nodes_, model.spec());
}

onnx::Graph OnnxTrace::graph(const Variable& logits) {
  nodes_.output({.name = "logits", .shape = {onnx::open_size, logits.shape().c}},
                read_flat(logits));
  return nodes_.take();
}

std::string OnnxTrace::joined(const Variable& x, const std::vector<Stretch>& parts) {
  std::vector<std::string> values;
  for (const Stretch& part : parts) {
    if (part.whole()) {
      values.push_back(part.value);
      continue;
    }
    const auto whole = [&](Index n) {
      return nodes_.constant(fmt::format("constant.channel.{}", n), host_tensor<Index>({1}, {n}));
    };
    values.push_back(
        nodes_.add("slice", "Slice", {part.value, whole(part.from), whole(part.to), whole(1)}));
  }
  if (values.size() == 1) return values.front();
  const std::string value = nodes_.add("concat", "Concat", values, {{"axis", Index{1}}});
  stretches_.join(x, value);
  return value;
}

std::string OnnxTrace::read(const Variable& x) {
  std::vector<Stretch> parts = stretches_.read(x);
  require(!parts.empty(),
          "`model`: the network reads a map of shape {} that no op has made which can be exported",
          to_string(x.shape()));
  for (Stretch& part : parts)
    if (flat_.contains(part.value))
      part.value = nodes_.add(
          "spatial", "Unsqueeze",
          {part.value, nodes_.constant("constant.pixel_axes", host_tensor<Index>({2}, {2, 3}))});
  return joined(x, parts);
}

std::string OnnxTrace::read_flat(const Variable& x) {
  const std::vector<Stretch> parts = stretches_.read(x);
  if (parts.size() == 1 && parts[0].whole() && flat_.contains(parts[0].value))
    return parts[0].value;
  return nodes_.add("flatten", "Flatten", {read(x)}, {{"axis", Index{1}}});
}

std::string OnnxTrace::weight(const Tensor& value) {
  const auto at = tensors_.find(value.bytes());
  require(at != tensors_.end() && at->second.entry->shape == value.shape(),
          "`model`: the network reads weights of shape {} that are not one of its own tensors, so "
          "that they have no name to be exported under",
          to_string(value.shape()));
  const Entry& e = *at->second.entry;
  if (is_norm(e.role) && e.shape.n > 1)  // a row for each mask or pair
    return nodes_.numbers(e.name, {e.shape.n, e.shape.c}, floats_of(value));
  return nodes_.constant(e.name, as_f32(to_stored(at->second, value)));
}

std::string OnnxTrace::layer_of(const std::string& weight) {
  return weight.substr(0, weight.rfind('.'));
}

void OnnxTrace::conv2d(const Variable& y, const Variable& x, const Variable& w,
                       const Window& window) {
  const std::string name = weight(w.value());
  auto attributes = attributes_of(window);
  attributes["group"] = window.groups;
  stretches_.write(y, nodes_.add(layer_of(name), "Conv", {read(x), name}, attributes));
}

void OnnxTrace::linear(const Variable& y, const Variable& x, const Variable& w, const Variable& b) {
  const std::string name = weight(w.value());
  const std::string value = nodes_.add(
      layer_of(name), "Gemm", {read_flat(x), name, weight(b.value())}, {{"transB", Index{1}}});
  flat_.insert(value);
  stretches_.write(y, value);
}

void OnnxTrace::mask(const Variable& z, const Variable& x, const MaskState& state,
                     const MaskOptions& options) {
  const OnnxNorm norm{.layer = layer_of(weight(state.weight.value())),
                      .weight = weight(state.weight.value()),
                      .bias = weight(state.bias.value()),
                      .mean = weight(state.running_mean),
                      .variance = weight(state.running_variance),
                      .channels = x.shape().c,
                      .eps = state.eps};
  std::string value = masks_
                          ? masks_->rescaled(read(x), norm)
                          : nodes_.add(norm.layer, "BatchNormalization",
                                       {read(x), norm.weight, norm.bias, norm.mean, norm.variance},
                                       {{"epsilon", norm.eps}});
  if (options.residual)
    value = nodes_.add(norm.layer + ".add", "Add", {value, read(options.residual)});
  if (options.relu) value = nodes_.add(norm.layer + ".relu", "Relu", {value});
  stretches_.write(z, value);
}

void OnnxTrace::affine(const Variable& y, const Variable& x, const Tensor& scale,
                       const Tensor& shift) {
  const std::string layer = nodes_.unused("normalize");
  const auto channels = [&](const char* name, const Tensor& values) {
    return nodes_.numbers(layer + name, {1, x.shape().c, 1, 1}, floats_of(values));
  };
  const std::string scaled =
      nodes_.add(layer + ".scaled", "Mul", {read(x), channels(".scale", scale)});
  stretches_.write(y, nodes_.add(layer + ".shifted", "Add", {scaled, channels(".shift", shift)}));
}

void OnnxTrace::relu(const Variable& y, const Variable& x) {
  stretches_.write(y, nodes_.add("relu", "Relu", {read(x)}));
}

void OnnxTrace::average_pool(const Variable& y, const Variable& x, const Window& window) {
  const bool global = y.shape().pixels() == 1 && window.kernel == x.shape().h;
  stretches_.write(
      y, global ? nodes_.add("average_pool", "GlobalAveragePool", {read(x)})
                : nodes_.add("average_pool", "AveragePool", {read(x)}, attributes_of(window)));
}

void OnnxTrace::max_pool(const Variable& y, const Variable& x, const Window& window) {
  stretches_.write(y, nodes_.add("max_pool", "MaxPool", {read(x)}, attributes_of(window)));
}

void OnnxTrace::add(const Variable& y, const Variable& a, const Variable& b, double factor) {
  std::string term = read(b);
  if (factor != 1) term = nodes_.add("scaled", "Mul", {term, nodes_.number(factor)});
  stretches_.write(y, nodes_.add("add", "Add", {read(a), term}));
}

void OnnxTrace::activate(const Variable& y, const Variable& x, const Activation& f) {
  stretches_.write(y, activated(nodes_, f, read(x)));
}

void OnnxTrace::multiply(const Variable& y, const Variable& a, const Variable& b) {
  stretches_.write(y, nodes_.add("multiply", "Mul", {read(a), read(b)}));
}

void OnnxTrace::expand(const Variable& y, const Variable& x) {
  const Shape& s = y.shape();  // of one image: an extent of 1 is repeated, that of the batch
  const std::string& to = nodes_.constant(fmt::format("constant.shape.{}.{}.{}", s.c, s.h, s.w),
                                          host_tensor<Index>({4}, {1, s.c, s.h, s.w}));
  stretches_.write(y, nodes_.add("expand", "Expand", {read(x), to}));
}

void OnnxTrace::sum_to(const Variable& y, const Variable& x, double factor) {
  const Shape &to = y.shape(), &from = x.shape();
  std::vector<Index> axes;
  if (to.c != from.c) axes.push_back(1);
  if (to.h != from.h) axes.push_back(2);
  if (to.w != from.w) axes.push_back(3);
  std::string value = read(x);
  const double share = factor * static_cast<double>(from.pixels());
  if (axes == std::vector<Index>{2, 3} && std::abs(share - 1) < 1e-12) {
    stretches_.write(y, nodes_.add("average_pool", "GlobalAveragePool", {value}));
    return;
  }
  if (!axes.empty()) {
    const std::string& list =
        nodes_.constant(fmt::format("constant.axes.{}", fmt::join(axes, ".")),
                        host_tensor<Index>({static_cast<Index>(axes.size())}, axes));
    value = nodes_.add("sum_to", "ReduceSum", {value, list});
  }
  if (factor != 1) value = nodes_.add("scaled", "Mul", {value, nodes_.number(factor)});
  stretches_.write(y, value);
}

void OnnxTrace::place(const Variable& y, const Variable& x, Index top, Index left, double outside) {
  const Index bottom = y.shape().h - x.shape().h - top, right = y.shape().w - x.shape().w - left;
  const std::string& pads =
      nodes_.constant(fmt::format("constant.pads.{}.{}.{}.{}", top, left, bottom, right),
                      host_tensor<Index>({8}, {0, 0, top, left, 0, 0, bottom, right}));
  stretches_.write(y, nodes_.add("place", "Pad", {read(x), pads, nodes_.number(outside)}));
}

void OnnxTrace::concatenate(const Variable& y, const std::vector<Variable>& parts) {
  Index first = 0;
  for (const Variable& part : parts) {
    stretches_.write(y.channels(first, part.shape().c), read(part));
    first += part.shape().c;
  }
}

void OnnxTrace::softmax(const Variable& y, const Variable& x) {
  stretches_.write(y, nodes_.add("softmax", "Softmax", {read(x)}, {{"axis", Index{1}}}));
}

}  // namespace robmask
