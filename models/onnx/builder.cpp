#include "models/onnx/builder.h"

#include <algorithm>
#include <cmath>

namespace robmask::onnx {

namespace {

const Operators& operators() {
  static const Operators all = [] {
    Operators every;
    for (const Operators& some :
         {convolution_operators(), pointwise_operators(), arithmetic_operators(),
          pooling_operators(), shape_operators(), product_operators()})
      every.insert(some.begin(), some.end());
    return every;
  }();
  return all;
}

/// Sizes of values of each image, whose product is no overflow.
std::vector<Index> checked(const std::vector<Index>& dims) {
  constexpr Index most = Index{1} << 31;
  Index count = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) {
    require(1 <= dims[i] && count <= most / dims[i], "maps of the shape {} are too large",
            to_string(dims));
    count *= dims[i];
  }
  return dims;
}

}  // namespace

Builder::Builder(const Graph& graph, Index height, Index width)
    : graph_(graph), port_(image_port(graph)) {
  std::vector<Index> dims{batch_size, 3, height, width};
  if (port_.channels_last) dims = {batch_size, height, width, 3};
  program_.input = program_.slots++;
  values_[graph.inputs[0].name] = {dims, nullptr, port_.channels_last ? "nhwc" : "nchw",
                                   program_.input, nullptr};
  for (const auto& [name, tensor] : graph.tensors)
    values_[name] = {tensor.shape, std::make_shared<HostTensor>(tensor), "", -1, nullptr, name};
  Index constants = 0;
  for (const auto& [name, tensor] : graph.tensors) constants += tensor.count();
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.inputs) ++readers_[name];
    for (const std::string& name : node.outputs)
      if (!name.empty()) makers_[name] = &node;
    for (const auto& [key, value] : node.attributes)
      if (const auto* tensor = std::get_if<HostTensor>(&value)) constants += tensor->count();
  }
  room_ = std::max(room_, 16 * constants);
  readings_ = std::max(readings_, 64 * constants);
  for (const Port& port : graph.outputs) ++readers_[port.name];
}

Program Builder::build() {
  std::vector<std::string> lacking;
  for (const Node& node : graph_.nodes)
    if (!operators().contains(node.op) && !folds(node)) {
      if (std::ranges::count(lacking, node.op) == 0) lacking.push_back(node.op);
    } else if (lacking.empty()) {
      work_on(describe(node), [&] { compile(node); });
    }
  if (!lacking.empty()) {
    const auto first = std::ranges::find(graph_.nodes, lacking[0], &Node::op);
    const bool quantized = lacking[0].find("Quantize") != std::string::npos ||
                           lacking[0].find("Integer") != std::string::npos;
    throw InputError(fmt::format(
        "{}: {}: {} of opset {} {} not supported here{}: no attack can run, not even Square, which "
        "needs logits alone",
        graph_.source, describe(*first), fmt::join(lacking, ", "), opset(),
        lacking.size() == 1 ? "is" : "are",
        quantized ? " (a quantized graph; export the network in floating point)" : ""));
  }
  finish();
  return std::move(program_);
}

bool Builder::folds(const Node& node) {
  return std::ranges::all_of(node.inputs, [&](const std::string& name) {
    return name.empty() || (values_.contains(name) && values_[name].is_constant());
  });
}

void Builder::work_on(const std::string& part, const std::function<void()>& work) const {
  try {
    work();
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}: {}", graph_.source, part, error.what()));
  }
}

void Builder::compile(const Node& node) {
  require(!node.outputs.empty(), "it has no output");
  if (!folds(node)) return operators().at(node.op)(*this, node);
  Constants inputs;
  for (const std::string& name : node.inputs) {
    inputs.push_back(name.empty() ? nullptr : value(name).constant);
    readings_ -= name.empty() ? 0 : inputs.back()->count();
  }
  require(readings_ >= 0, "it computes with more constants than there are in the graph, by far");
  const Constants results = fold(node, inputs, opset(), room_);
  for (const auto& result : results) take_room(result->count());
  for (std::size_t i = 0; i < std::min(results.size(), node.outputs.size()); ++i) {
    const bool same = node.op == "Identity";
    define(node, {results[i]->shape, results[i], "", -1, nullptr, same ? node.inputs[0] : ""}, i);
  }
}

void Builder::finish() {
  const std::string &name = graph_.outputs[0].name, part = "output " + printable(name);
  Value logits;
  work_on(part, [&] { logits = value(name); });
  require(!logits.is_constant() && logits.rank() >= 2 && logits.dims[0] == batch_size &&
              logits.dims[1] >= 1 && logits.count() == batch_size * logits.dims[1],
          "{}: expected logits of the shape N·classes, got the output {} of the shape {}",
          graph_.source, printable(name), to_string(logits.dims));
  constexpr Index most = 1'000'000;  // as networks have them
  require(logits.dims[1] <= most, "{}: expected at most {} classes, got {}", graph_.source, most,
          logits.dims[1]);
  program_.classes = logits.dims[1];
  work_on(part, [&] { logits = made(reshaped(logits, {batch_size, program_.classes})); });
  program_.output = logits.slot;
  remove_unread();
  require(std::ranges::any_of(program_.held, [](const Held& h) { return h.role.has_value(); }),
          "{}: expected a network with weights, got a graph without any", graph_.source);
}

/// What patterns of several nodes have made needless.
void Builder::remove_unread() {
  std::vector<bool> read(program_.slots, false);
  read[program_.output] = true;
  std::vector<Step> kept;
  for (auto step = program_.steps.rbegin(); step != program_.steps.rend(); ++step) {
    if (!read[step->output]) continue;
    for (const int input : step->inputs) read[input] = true;
    kept.push_back(std::move(*step));
  }
  std::ranges::reverse(kept);
  program_.steps = std::move(kept);
  require(read[program_.input], "{}: its output {} does not depend on the images", graph_.source,
          printable(graph_.outputs[0].name));
}

// ---- a node's inputs ----------------------------------------------------------------------------

bool Builder::has(const Node& node, std::size_t input) const {
  return input < node.inputs.size() && !node.inputs[input].empty();
}

const Value& Builder::in(const Node& node, std::size_t input) const {
  require(has(node, input), "its input {} is absent", input);
  return value(node.inputs[input]);
}

const Value& Builder::value(const std::string& name) const {
  const auto at = values_.find(name);
  require(at != values_.end(), "{} is a further output of its node, which is not supported",
          printable(name));
  return at->second;
}

std::vector<double> Builder::numbers(const Node& node, std::size_t input) const {
  const Value& value = in(node, input);
  require(value.is_constant(), "its input {} depends on the images, where a constant is supported",
          input);
  std::vector<double> all = onnx::numbers(*value.constant);
  for (const double n : all) require(!std::isnan(n), "its input {} is not a number", input);
  return all;
}

std::vector<Index> Builder::integers(const Node& node, std::size_t input) const {
  numbers(node, input);
  return onnx::integers(*in(node, input).constant);
}

double Builder::number(const Node& node, std::size_t input) const {
  const std::vector<double> all = numbers(node, input);
  require(all.size() == 1, "its input {} holds {} numbers, where one is expected", input,
          all.size());
  return all[0];
}

std::vector<Index> Builder::axes(const Node& node, std::size_t input, Index rank,
                                 const std::vector<Index>& otherwise) const {
  std::vector<Index> all =
      has(node, input) ? integers(node, input) : node.attribute("axes", otherwise);
  for (Index& axis : all) {
    require(-rank <= axis && axis < rank, "there is no axis {} of {}", axis, rank);
    axis += axis < 0 ? rank : 0;
  }
  std::ranges::sort(all);
  require(std::ranges::adjacent_find(all) == all.end(), "an axis comes twice");
  return all;
}

const Node* Builder::maker(const std::string& name) const {
  const auto at = makers_.find(name);
  return at == makers_.end() ? nullptr : at->second;
}

Index Builder::readers(const std::string& name) const {
  const auto at = readers_.find(name);
  return at == readers_.end() ? 0 : at->second;
}

// ---- values -------------------------------------------------------------------------------------

void Builder::define(const Node& node, Value value, std::size_t output) {
  require(output < node.outputs.size(), "its output {} is absent", output);
  values_[node.outputs[output]] = std::move(value);
}

Value Builder::step(const std::vector<Value>& inputs, const std::vector<Index>& dims,
                    const std::string& axes, const std::function<Variable(const Run&)>& compute) {
  std::vector<int> slots;
  slots.reserve(inputs.size());
  for (const Value& input : inputs) slots.push_back(input.slot);
  program_.steps.push_back({slots, program_.slots, compute});
  return {checked(dims), nullptr, axes, program_.slots++};
}

Value Builder::pending(const Convolution& convolution, const std::vector<Index>& dims,
                       const std::string& axes) {
  return {checked(dims), nullptr, axes, -1, std::make_shared<Convolution>(convolution)};
}

bool Builder::grows(const std::string& name) const {
  return value(name).pending != nullptr && readers(name) == 1;
}

Value Builder::made(const Value& value) {
  require(!value.is_constant(), "a constant stands where images are supported");
  if (!value.pending) return value;
  if (const auto at = made_.find(value.pending.get()); at != made_.end()) return at->second;
  const Convolution& c = *value.pending;
  std::vector<Value> inputs{c.x};
  if (c.residual) inputs.push_back(*c.residual);
  std::function<Variable(const Run&)> compute;
  if (!c.norm && c.bias.empty() && !c.residual && !c.relu) {
    compute = [x = c.x.slot, w = c.weight.value(), window = c.window](const Run& run) {
      return conv2d(run.slots[x], run.held[w], window);
    };
  } else {
    // A bias alone is a norm that changes nothing else: γ = 1, β = bias, μ = 0, σ² = 1.
    const Index channels = memory_shape(value.dims, value.axes).c;
    std::array<int, 4> norm = c.norm.value_or(std::array<int, 4>{});
    if (!c.norm) {
      const std::vector<double> zeros(channels, 0), ones(channels, 1);
      const int bias = c.bias.empty() ? hold(zeros) : hold(c.bias_name, Role::linear_bias, c.bias);
      norm = {hold(ones), bias, hold(zeros), hold(ones)};
    }
    compute = [x = c.x.slot, r = c.residual ? c.residual->slot : -1, w = c.weight,
               window = c.window, relu = c.relu, eps = c.eps, norm](const Run& run) {
      const MaskState state{.weight = run.held[norm[0]],
                            .bias = run.held[norm[1]],
                            .running_mean = run.held[norm[2]].value(),
                            .running_variance = run.held[norm[3]].value(),
                            .tracked = {},
                            .eps = eps};
      const MaskOptions options{.relu = relu, .residual = r < 0 ? Variable() : run.slots[r]};
      if (!w) return mask(run.slots[x], state, run.context, options);
      return masked_conv2d(run.slots[x], run.held[*w], window, state, run.context, options);
    };
  }
  const Value result = step(inputs, value.dims, value.axes, compute);
  if (c.relu) {
    const std::string& layer = program_.held[c.norm ? c.norm->at(0) : *c.weight].name;
    program_.steps.back().watched = layer.substr(0, layer.rfind('.'));
  }
  return made_[value.pending.get()] = result;
}

Value Builder::activated(const Value& x, const Activation& f) {
  const Value from = made(x);
  const Value y = step({from}, from.dims, from.axes,
                       [s = from.slot, f](const Run& run) { return activate(run.slots[s], f); });
  program_.steps.back().watched = "activation";
  return y;
}

Value Builder::clamped(const Value& x) {
  const Value from = made(x);
  const Value y = step({from}, from.dims, from.axes,
                       [s = from.slot](const Run& run) { return relu(run.slots[s]); });
  program_.steps.back().watched = "activation";
  return y;
}

Value Builder::affine(const Value& x, const std::vector<double>& scale,
                      const std::vector<double>& shift) {
  const Value from = made(x);
  const Index channels = from.shape().c;
  const auto held = [&](std::vector<double> values) {
    require_room(channels);
    if (values.size() == 1) values.resize(channels, values[0]);
    require(values.empty() || std::ssize(values) == channels, "{} numbers for {} channels",
            values.size(), channels);
    return values.empty() ? -1 : hold(values);
  };
  const int plus = held(shift);
  // A product and then a sum are one x·scale + shift, rounded once.
  const auto product = scaled_.find(from.slot);
  const bool continues = scale.empty() && product != scaled_.end();
  const Value before = continues ? product->second.first : from;
  const int by = continues ? product->second.second : held(scale);
  const Value y = step({before}, from.dims, from.axes, [s = before.slot, by, plus](const Run& run) {
    const auto tensor = [&](int number) {
      return number < 0 ? Tensor() : run.held[number].value();
    };
    const Variable& v = run.slots[s];
    return robmask::affine(v, tensor(by), tensor(plus), v.value().dtype());
  });
  if (plus < 0) scaled_[y.slot] = {before, by};
  return y;
}

Program compile(const Graph& graph, Index height, Index width) {
  return Builder(graph, height, width).build();
}

}  // namespace robmask::onnx
