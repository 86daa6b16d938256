#include "tests/training/onnx_evaluator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

namespace robmask::test {

namespace {

using Shape = std::vector<Index>;
using Inputs = std::vector<const OnnxValue*>;  // null: absent

Index count_of(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), Index{1}, std::multiplies{});
}

OnnxValue zeros(const Shape& shape) { return {shape, std::vector<double>(count_of(shape))}; }

/// f of two values, whose shapes are aligned at their ends; an extent of 1 is repeated.
template <class F>
OnnxValue broadcast(const OnnxValue& a, const OnnxValue& b, F f) {
  const std::size_t axes = std::max(a.shape.size(), b.shape.size());
  const auto filled = [&](Shape shape) {
    shape.insert(shape.begin(), axes - shape.size(), 1);
    return shape;
  };
  const Shape sa = filled(a.shape), sb = filled(b.shape);
  Shape out(axes);
  for (std::size_t i = 0; i < axes; ++i) {
    EXPECT_TRUE(sa[i] == sb[i] || sa[i] == 1 || sb[i] == 1);
    out[i] = std::max(sa[i], sb[i]);
  }
  OnnxValue y = zeros(out);
  for (Index at = 0; at < count_of(out); ++at) {
    Index rest = at, ia = 0, ib = 0, step_a = 1, step_b = 1;
    for (std::size_t i = axes; i-- > 0;) {
      const Index place = rest % out[i];
      rest /= out[i];
      ia += sa[i] == 1 ? 0 : place * step_a;
      ib += sb[i] == 1 ? 0 : place * step_b;
      step_a *= sa[i];
      step_b *= sb[i];
    }
    y.data[at] = f(a.data[ia], b.data[ib]);
  }
  return y;
}

template <class F>
OnnxValue each(OnnxValue x, F f) {
  std::ranges::transform(x.data, x.data.begin(), f);
  return x;
}

/// Calls visit(output pixel, window's tap, input pixel) for all that lie on the map.
template <class F>
Shape slide(const onnx::Node& node, Index height, Index width, F&& visit) {
  const auto ints = [&](const char* key, Index otherwise) {
    return node.attribute<std::vector<Index>>(key, std::vector<Index>(4, otherwise));
  };
  const Shape kernel = ints("kernel_shape", 1), stride = ints("strides", 1), pad = ints("pads", 0);
  const Index h = (height + pad[0] + pad[2] - kernel[0]) / stride[0] + 1,
              w = (width + pad[1] + pad[3] - kernel[1]) / stride[1] + 1;
  for (Index i = 0; i < h; ++i)
    for (Index j = 0; j < w; ++j)
      for (Index a = 0; a < kernel[0]; ++a)
        for (Index b = 0; b < kernel[1]; ++b) {
          const Index y = i * stride[0] - pad[0] + a, x = j * stride[1] - pad[1] + b;
          if (y >= 0 && y < height && x >= 0 && x < width)
            visit(i * w + j, a * kernel[1] + b, y * width + x);
        }
  return {h, w};
}

OnnxValue conv(const onnx::Node& node, const Inputs& in) {
  const OnnxValue &x = *in[0], &w = *in[1];
  const Index groups = node.attribute<Index>("group", 1), outputs = w.shape[0], inputs = w.shape[1],
              taps = w.shape[2] * w.shape[3], pixels = x.shape[2] * x.shape[3];
  EXPECT_EQ(inputs * groups, x.shape[1]);
  std::vector<std::array<Index, 3>> products;
  const Shape size = slide(node, x.shape[2], x.shape[3], [&](Index to, Index tap, Index from) {
    products.push_back({to, tap, from});
  });
  OnnxValue y = zeros({x.shape[0], outputs, size[0], size[1]});
  for (Index n = 0; n < x.shape[0]; ++n)
    for (Index out = 0; out < outputs; ++out) {
      double* const sums = &y.data[(n * outputs + out) * count_of(size)];
      for (Index c = 0; c < inputs; ++c) {
        const Index first = out / (outputs / groups) * inputs;
        const double* const map = &x.data[(n * x.shape[1] + first + c) * pixels];
        const double* const kernel = &w.data[(out * inputs + c) * taps];
        for (const auto& [to, tap, from] : products) sums[to] += map[from] * kernel[tap];
      }
    }
  return y;
}

OnnxValue pool(const onnx::Node& node, const OnnxValue& x, bool largest) {
  const Index maps = x.shape[0] * x.shape[1], pixels = x.shape[2] * x.shape[3];
  const Shape size = slide(node, x.shape[2], x.shape[3], [](Index, Index, Index) {});
  OnnxValue y = zeros({x.shape[0], x.shape[1], size[0], size[1]});
  std::vector<double> taken(count_of(size));
  if (largest) std::ranges::fill(y.data, -INFINITY);
  for (Index map = 0; map < maps; ++map)
    slide(node, x.shape[2], x.shape[3], [&](Index to, Index, Index from) {
      const double value = x.data[map * pixels + from];
      double& at = y.data[map * count_of(size) + to];
      at = largest ? std::max(at, value) : at + value;
      if (map == 0) ++taken[to];
    });
  if (!largest)
    for (std::size_t i = 0; i < y.data.size(); ++i) y.data[i] /= taken[i % taken.size()];
  return y;
}

OnnxValue batch_normalization(const onnx::Node& node, const Inputs& in) {
  const double eps = node.attribute<double>("epsilon", 1e-5);
  OnnxValue y = *in[0];
  const Index channels = y.shape[1], pixels = count_of(y.shape) / y.shape[0] / channels;
  for (std::size_t i = 0; i < y.data.size(); ++i) {
    const std::size_t c = i / pixels % channels;
    y.data[i] = (y.data[i] - in[3]->data[c]) / std::sqrt(in[4]->data[c] + eps) * in[1]->data[c] +
                in[2]->data[c];
  }
  return y;
}

/// a·b, or a·bᵀ, of matrices
OnnxValue product(const OnnxValue& a, const OnnxValue& b, bool transposed) {
  const Index rows = a.shape[0], inner = a.shape[1], columns = b.shape[transposed ? 0 : 1];
  EXPECT_EQ(inner, b.shape[transposed ? 1 : 0]);
  OnnxValue y = zeros({rows, columns});
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j)
      for (Index c = 0; c < inner; ++c)
        y.data[i * columns + j] +=
            a.data[i * inner + c] * b.data[transposed ? j * inner + c : c * columns + j];
  return y;
}

/// Channels [from, to) of a value.
OnnxValue channels(const OnnxValue& x, Index from, Index to) {
  OnnxValue y{x.shape, {}};
  const Index pixels = count_of(x.shape) / x.shape[0] / x.shape[1];
  y.shape[1] = to - from;
  for (Index n = 0; n < x.shape[0]; ++n) {
    const auto image = x.data.begin() + n * x.shape[1] * pixels;
    y.data.insert(y.data.end(), image + from * pixels, image + to * pixels);
  }
  return y;
}

OnnxValue concat(const Inputs& in) {
  OnnxValue y{in[0]->shape, {}};
  y.shape[1] = 0;
  for (const OnnxValue* part : in) y.shape[1] += part->shape[1];
  for (Index n = 0; n < y.shape[0]; ++n)
    for (const OnnxValue* part : in) {
      const Index size = count_of(part->shape) / part->shape[0];
      y.data.insert(y.data.end(), part->data.begin() + n * size,
                    part->data.begin() + (n + 1) * size);
    }
  return y;
}

/// Pads pixels, or crops them where a number is negative.
OnnxValue padded(const OnnxValue& x, const OnnxValue& pads, double outside) {
  const auto number = [&](std::size_t i) { return static_cast<Index>(pads.data[i]); };
  const Index h = x.shape[2], w = x.shape[3];
  OnnxValue y =
      zeros({x.shape[0], x.shape[1], h + number(2) + number(6), w + number(3) + number(7)});
  for (Index at = 0; at < count_of(y.shape); ++at) {
    const Index map = at / (y.shape[2] * y.shape[3]), i = at / y.shape[3] % y.shape[2] - number(2),
                j = at % y.shape[3] - number(3);
    const bool inside = 0 <= i && i < h && 0 <= j && j < w;
    y.data[at] = inside ? x.data[(map * h + i) * w + j] : outside;
  }
  return y;
}

/// Σ over some axes, which stay with an extent of 1.
OnnxValue reduced(const OnnxValue& x, const OnnxValue& axes) {
  OnnxValue y{x.shape, {}};
  for (const double axis : axes.data) y.shape[static_cast<std::size_t>(axis)] = 1;
  y.data.resize(count_of(y.shape));
  for (Index at = 0; at < count_of(x.shape); ++at) {
    Index rest = at, to = 0, step = 1;
    for (std::size_t i = x.shape.size(); i-- > 0;) {
      to += y.shape[i] == 1 ? 0 : rest % x.shape[i] * step;
      rest /= x.shape[i];
      step *= y.shape[i];
    }
    y.data[to] += x.data[at];
  }
  return y;
}

/// Over channels.
OnnxValue softmax(const OnnxValue& x) {
  const OnnxValue e = each(x, [](double v) { return std::exp(v); });
  return broadcast(e, reduced(e, {{1}, {1}}), std::divides{});
}

OnnxValue unsqueeze(OnnxValue x, const OnnxValue& axes) {
  for (const double axis : axes.data) x.shape.insert(x.shape.begin() + static_cast<Index>(axis), 1);
  return x;
}

OnnxValue computed(const onnx::Node& node, const Inputs& in) {
  const std::string& op = node.op;
  const auto of_two = [&](auto f) { return broadcast(*in[0], *in[1], f); };
  const auto of_one = [&](auto f) { return each(*in[0], f); };
  const auto alpha = [&](double otherwise) { return node.attribute<double>("alpha", otherwise); };
  if (op == "Conv") return conv(node, in);
  if (op == "BatchNormalization") return batch_normalization(node, in);
  if (op == "Relu") return of_one([](double v) { return std::max(v, 0.0); });
  if (op == "Abs") return of_one([](double v) { return std::abs(v); });
  if (op == "Sqrt") return of_one([](double v) { return std::sqrt(v); });
  if (op == "Floor") return of_one([](double v) { return std::floor(v); });
  if (op == "Exp") return of_one([](double v) { return std::exp(v); });
  if (op == "Log") return of_one([](double v) { return std::log(v); });
  if (op == "Erf") return of_one([](double v) { return std::erf(v); });
  if (op == "Tanh") return of_one([](double v) { return std::tanh(v); });
  if (op == "Sigmoid") return of_one([](double v) { return 1 / (1 + std::exp(-v)); });
  if (op == "Softplus") return of_one([](double v) { return std::log1p(std::exp(v)); });
  if (op == "LeakyRelu") return of_one([&](double v) { return v > 0 ? v : alpha(0.01) * v; });
  if (op == "Elu") return of_one([&](double v) { return v > 0 ? v : alpha(1) * std::expm1(v); });
  if (op == "HardSigmoid")
    return of_one([&](double v) {
      return std::clamp(alpha(0.2) * v + node.attribute<double>("beta", 0.5), 0.0, 1.0);
    });
  if (op == "HardSwish")
    return of_one([](double v) { return v * std::clamp(v / 6 + 0.5, 0.0, 1.0); });
  if (op == "Pow") return of_two([](double a, double b) { return std::pow(a, b); });
  if (op == "Add") return of_two(std::plus{});
  if (op == "Sub") return of_two(std::minus{});
  if (op == "Mul") return of_two(std::multiplies{});
  if (op == "Div") return of_two(std::divides{});
  if (op == "MatMul") return product(*in[0], *in[1], false);
  if (op == "Gemm")
    return broadcast(product(*in[0], *in[1], node.attribute<Index>("transB", 0) == 1), *in[2],
                     std::plus{});
  if (op == "MaxPool") return pool(node, *in[0], true);
  if (op == "AveragePool") return pool(node, *in[0], false);
  if (op == "GlobalAveragePool") {
    onnx::Node whole = node;
    whole.attributes["kernel_shape"] = Shape{in[0]->shape[2], in[0]->shape[3]};
    return pool(whole, *in[0], false);
  }
  if (op == "Concat") return concat(in);
  if (op == "Slice")  // of channels
    return channels(*in[0], static_cast<Index>(in[1]->data[0]), static_cast<Index>(in[2]->data[0]));
  if (op == "Unsqueeze") return unsqueeze(*in[0], *in[1]);
  if (op == "Flatten")
    return {{in[0]->shape[0], count_of(in[0]->shape) / in[0]->shape[0]}, in[0]->data};
  if (op == "Pad") return padded(*in[0], *in[1], in[2]->data[0]);
  if (op == "Expand") {
    const Shape to(in[1]->data.begin(), in[1]->data.end());
    return broadcast(*in[0], zeros(to), std::plus{});
  }
  if (op == "ReduceSum") return reduced(*in[0], *in[1]);
  if (op == "Softmax") return softmax(*in[0]);
  if (op == "Clip")
    return of_one([&](double v) {
      return std::min(std::max(v, in[1]->data[0]), in.size() > 2 ? in[2]->data[0] : INFINITY);
    });
  ADD_FAILURE() << "the operator " << op;
  return {};
}

}  // namespace

OnnxValue evaluate(const onnx::Graph& graph, std::map<std::string, OnnxValue> inputs) {
  std::map<std::string, OnnxValue> known;
  for (const onnx::Port& port : graph.inputs) {
    known[port.name] = inputs.at(port.name);
    EXPECT_EQ(known[port.name].shape.size(), port.shape.size());
  }
  for (const auto& [name, tensor] : graph.tensors)
    known[name] = {tensor.shape, tensor.to<double>(name)};
  for (const onnx::Node& node : graph.nodes) {
    Inputs in;
    for (const std::string& name : node.inputs)
      in.push_back(name.empty() ? nullptr : &known.at(name));
    EXPECT_TRUE(known.emplace(node.outputs[0], computed(node, in)).second) << node.name;
  }
  return known.at(graph.outputs[0].name);
}

}  // namespace robmask::test
