#pragma once
// Small graphs, and what they compute in f64 on the CPU.

#include <gtest/gtest.h>

#include <functional>

#include "data/onnx/graph.h"
#include "engine/backend.h"
#include "models/onnx/network.h"
#include "training/checkpoint.h"

namespace robmask::test {

using Sizes = std::vector<Index>;

/// Numbers of ONNX's shape, N·C·H·W.
struct Maps {
  std::vector<Index> shape;
  std::vector<double> values;

  double at(Index n, Index c, Index h, Index w) const {
    const bool inside = 0 <= h && h < shape[2] && 0 <= w && w < shape[3];
    return inside ? values[((n * shape[1] + c) * shape[2] + h) * shape[3] + w] : 0;
  }
};

/// A value for each image and channel.
using OfChannel = std::function<double(double v, Index n, Index c)>;
inline Maps by_channel(const Maps& x, const OfChannel& f) {
  Maps y = x;
  const Index pixels = x.shape[2] * x.shape[3];
  for (Index i = 0; i < std::ssize(y.values); ++i)
    y.values[i] = f(x.values[i], i / pixels / x.shape[1], i / pixels % x.shape[1]);
  return y;
}

inline double mean_of(const Maps& x, Index n, Index c) {
  double sum = 0;
  for (Index h = 0; h < x.shape[2]; ++h)
    for (Index w = 0; w < x.shape[3]; ++w) sum += x.at(n, c, h, w);
  return sum / static_cast<double>(x.shape[2] * x.shape[3]);
}

/// Different numbers in [−1, 1).
inline std::vector<double> numbers(Index count, std::uint64_t salt = 0) {
  std::vector<double> values(count);
  for (Index i = 0; i < count; ++i)
    values[i] = 2 * random_uniform<double>({.seed = salt}, static_cast<std::uint32_t>(i)) - 1;
  return values;
}

inline HostTensor tensor(const std::vector<Index>& shape, std::uint64_t salt = 0) {
  Index count = 1;
  for (const Index size : shape) count *= size;
  return host_tensor(shape, numbers(count, salt));
}

inline HostTensor whole(const std::vector<Index>& values) {
  return host_tensor({std::ssize(values)}, values);
}

/// A graph from images "x", N·3·side·side, to "y", under a name of its own.
inline onnx::Graph graph_of(std::vector<onnx::Node> nodes,
                            std::map<std::string, HostTensor> tensors, Index side = 6,
                            Index opset = 17) {
  static int count = 0;
  return {.nodes = std::move(nodes),
          .tensors = std::move(tensors),
          .inputs = {{"x", {onnx::open_size, 3, side, side}}},
          .outputs = {{"y", {}}},
          .opset = opset,
          .source = fmt::format("graph{}.onnx", count++)};
}

inline LoadedModel loaded(onnx::Graph graph) {
  return load_model(onnx::import_network(std::move(graph)).weights, backend("cpu"), DType::f64, {});
}

/// Images of that side in [0,1), in both layouts.
inline Maps images(Index count, Index side, std::uint64_t salt = 7) {
  Maps x{{count, 3, side, side}, numbers(count * 3 * side * side, salt)};
  for (double& v : x.values) v = (v + 1) / 2;
  return x;
}
inline Variable variable_of(const Maps& x) {
  const Index n = x.shape[0], c = x.shape[1], h = x.shape[2], w = x.shape[3];
  std::vector<double> values;
  for (Index image = 0; image < n; ++image)
    for (Index p = 0; p < h * w; ++p)
      for (Index channel = 0; channel < c; ++channel)
        values.push_back(x.at(image, channel, p / w, p % w));
  return Variable(make_tensor(backend("cpu"), {n, h, w, c}, DType::f64, values));
}

/// The logits of a graph, image by image.
inline std::vector<double> logits_of(onnx::Graph graph, const Maps& x) {
  const LoadedModel model = loaded(std::move(graph));
  return model.model->at(0)(variable_of(x)).value().to_doubles();
}

/// The graph with "y" made of the map "m" by a matrix of its own, so that every element counts.
inline onnx::Graph classified(onnx::Graph graph, Index features) {
  graph.tensors["w"] = tensor({5, features}, 99);
  graph.nodes.push_back({"flat", "Flatten", {"m"}, {"f"}});
  graph.nodes.push_back({"fc", "Gemm", {"f", "w"}, {"y"}, {{"transB", Index{1}}}});
  return graph;
}

/// What such a graph computes where "m" is this.
inline std::vector<double> classes_of(const Maps& m) {
  const Index features = std::ssize(m.values) / m.shape[0];
  const std::vector<double> w = numbers(5 * features, 99);
  std::vector<double> y;
  for (Index n = 0; n < m.shape[0]; ++n)
    for (Index k = 0; k < 5; ++k) {
      double sum = 0;
      for (Index i = 0; i < features; ++i) sum += w[k * features + i] * m.values[n * features + i];
      y.push_back(sum);
    }
  return y;
}

inline void expect_near(const std::vector<double>& got, const std::vector<double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-11) << i;
}

/// Fails unless a graph up to its map "m" computes `wanted` of those images.
inline void expect_map(onnx::Graph graph, const Maps& x, const Maps& wanted) {
  const Index features = std::ssize(wanted.values) / wanted.shape[0];
  expect_near(logits_of(classified(std::move(graph), features), x), classes_of(wanted));
}

}  // namespace robmask::test
