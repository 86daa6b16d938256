// Operators on two values, one of which may be constant, whose sizes of 1 repeat.

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/onnx/builder.h"

namespace robmask::onnx {

namespace {

using Kind = Activation::Kind;
using Pair = Variable (*)(const Variable&, const Variable&);

Variable difference(const Variable& a, const Variable& b) { return add_scaled(a, b, -1); }
Variable quotient(const Variable& a, const Variable& b) {
  return multiply(a, activate(b, {Kind::power, -1}));
}

std::vector<Index> common_sizes(const Value& x, const Value& y) {
  const auto dims = broadcast(x.dims, y.dims);
  require(dims && dims->size() == static_cast<std::size_t>(std::max(x.rank(), y.rank())) &&
              dims->at(0) == batch_size,
          "shapes {} and {} do not go together", to_string(x.dims), to_string(y.dims));
  return *dims;
}

/// A value repeated to sizes of as many axes.
Value expanded(Builder& b, const Value& value, const std::vector<Index>& dims) {
  const Value x = b.made(value);
  if (x.dims == dims) return x;
  require(x.rank() == std::ssize(dims) && x.dims[0] == batch_size,
          "shapes {} and {} do not go together", to_string(x.dims), to_string(dims));
  const Shape to = memory_shape(dims, x.axes);
  return b.step({x}, dims, x.axes, [s = x.slot, to](const Run& run) {
    return expand(run.slots[s], to.with_images(run.slots[s].shape().n));
  });
}

/// A constant, repeated to the sizes of the value beside it, for each of its images.
Value held(Builder& b, const Value& constant, const Value& like) {
  const Shape shape = like.shape().with_images(1);
  const std::vector<double> from = numbers(*constant.constant);
  b.require_room(shape.count());
  std::vector<double> to(shape.count());
  std::vector<Index> strides(like.rank(), 0);  // in `from`, of each of like's axes
  Index stride = 1;
  for (Index back = 1; back <= constant.rank(); ++back) {
    const Index size = constant.dims[constant.rank() - back];
    if (size > 1) strides[like.rank() - back] = stride;
    stride *= size;
  }
  for (Index i = 0; i < shape.count(); ++i) {
    const Index at[] = {i / shape.c / shape.w, i / shape.c % shape.w, i % shape.c};
    Index place = 0;
    for (Index axis = 1; axis < like.rank(); ++axis)
      place += strides[axis] * at[like.axes[axis] == 'h' ? 0 : like.axes[axis] == 'w' ? 1 : 2];
    to[i] = from[place];
  }
  const int number = b.hold(shape, to);
  return b.step({like}, like.dims, like.axes, [number, s = like.slot](const Run& run) {
    return expand(run.held[number], run.slots[s].shape());
  });
}

/// One number for each channel in memory, or one for all, where that is what the constant is.
std::optional<std::vector<double>> per_channel(const Value& constant, const Value& x) {
  const std::vector<double> all = numbers(*constant.constant);
  if (all.size() == 1) return all;
  for (Index back = 1; back <= constant.rank(); ++back)
    if (constant.dims[constant.rank() - back] != 1 && x.axes[x.rank() - back] != 'c')
      return std::nullopt;
  return all;
}

/// A value that is as large as the result, and what the operator does with it and a constant.
template <class OfChannels>
void with_constant(Builder& b, const Node& node, int which, OfChannels&& of_channels, Pair pair) {
  const Value &value = b.in(node, which), &constant = b.in(node, 1 - which);
  for (const double n : b.numbers(node, 1 - which))
    require(std::isfinite(n), "a constant of it is {}", n);
  const std::vector<Index> dims = common_sizes(value, constant);
  require(constant.rank() < value.rank() || constant.dims[0] == 1,
          "a constant for each image is not supported");
  const Value x = expanded(b, value, dims);
  if (const auto numbers = per_channel(constant, x))
    return b.define(node, of_channels(x, *numbers));
  const Value c = held(b, constant, x);
  const int first = which == 0 ? x.slot : c.slot, second = which == 0 ? c.slot : x.slot;
  b.define(node, b.step({x, c}, dims, x.axes, [first, second, pair](const Run& run) {
    return pair(run.slots[first], run.slots[second]);
  }));
}

void with_value(Builder& b, const Node& node, Pair pair) {
  const std::vector<Index> dims = common_sizes(b.in(node, 0), b.in(node, 1));
  const Value x = expanded(b, b.in(node, 0), dims);
  const Value y = b.arranged(expanded(b, b.in(node, 1), dims), x.axes);
  b.define(node, b.step({x, y}, dims, x.axes, [i = x.slot, j = y.slot, pair](const Run& run) {
    return pair(run.slots[i], run.slots[j]);
  }));
}

/// Which of a node's inputs depends on the images, where the other is constant.
std::optional<int> only_value(Builder& b, const Node& node) {
  if (b.in(node, 1).is_constant()) return 0;
  return b.in(node, 0).is_constant() ? std::optional(1) : std::nullopt;
}

std::vector<double> each(std::vector<double> numbers, double (*f)(double)) {
  std::ranges::transform(numbers, numbers.begin(), f);
  return numbers;
}
double negative(double x) { return -x; }
double inverse(double x) { return 1 / x; }

void add_values(Builder& b, const Node& node) {
  if (add_behind(b, node)) return;
  const auto which = only_value(b, node);
  if (!which) return with_value(b, node, add);
  const auto plus = [&](const Value& x, const auto& c) { return b.affine(x, {}, c); };
  with_constant(b, node, *which, plus, add);
}

void subtract(Builder& b, const Node& node) {
  const auto which = only_value(b, node);
  if (!which) return with_value(b, node, difference);
  const auto minus = [&](const Value& x, const auto& c) {
    return *which == 0 ? b.affine(x, {}, each(c, negative)) : b.affine(x, {-1}, c);
  };
  with_constant(b, node, *which, minus, difference);
}

/// Of x·sigmoid(x), x; else null.
const std::string* in_silu(const Builder& b, const Node& node) {
  for (const int i : {0, 1}) {
    const Node* maker = b.maker(node.inputs[i]);
    if (maker && maker->op == "Sigmoid" && maker->inputs[0] == node.inputs[1 - i])
      return &maker->inputs[0];
  }
  return nullptr;
}

void multiply_values(Builder& b, const Node& node) {
  const auto which = only_value(b, node);
  if (const std::string* x = in_silu(b, node))
    return b.define(node, b.activated(b.value(*x), {Kind::silu}));
  if (!which) return with_value(b, node, multiply);
  const auto times = [&](const Value& x, const auto& c) { return b.affine(x, c, {}); };
  with_constant(b, node, *which, times, multiply);
}

void divide(Builder& b, const Node& node) {
  const auto which = only_value(b, node);
  if (!which) return with_value(b, node, quotient);
  const auto over = [&](const Value& x, const auto& c) {
    if (*which == 1) return b.affine(b.activated(x, {Kind::power, -1}), c, {});
    require(std::ranges::count(c, 0.0) == 0, "a division by 0");
    return b.affine(x, each(c, inverse), {});
  };
  with_constant(b, node, *which, over, quotient);
}

void power(Builder& b, const Node& node) {
  const double exponent = b.number(node, 1);
  b.define(node, b.activated(b.in(node, 0), {Kind::power, exponent}));
}

/// The larger or the smaller of a value and a number: a clip with one limit.
void largest(Builder& b, const Node& node) {
  constexpr double most = std::numeric_limits<float>::max();
  const int which = only_value(b, node).value_or(0);
  require(node.inputs.size() == 2, "expected a value and a number, got {} inputs",
          node.inputs.size());
  b.define(node, b.activated(b.in(node, which), {Kind::clip, b.number(node, 1 - which), most}));
}
void smallest(Builder& b, const Node& node) {
  constexpr double most = std::numeric_limits<float>::max();
  const int which = only_value(b, node).value_or(0);
  require(node.inputs.size() == 2, "expected a value and a number, got {} inputs",
          node.inputs.size());
  b.define(node, b.activated(b.in(node, which), {Kind::clip, -most, b.number(node, 1 - which)}));
}

}  // namespace

Operators arithmetic_operators() {
  return {{"Add", add_values}, {"Sub", subtract}, {"Mul", multiply_values}, {"Div", divide},
          {"Pow", power},      {"Max", largest},  {"Min", smallest}};
}

}  // namespace robmask::onnx
