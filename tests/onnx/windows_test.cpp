// Convolutions, pooling and matrices of imported graphs, beside their definitions in naive loops.

#include <cmath>

#include "tests/onnx/graphs.h"

namespace robmask::test {

namespace {

using onnx::Node;

struct Windows {
  Sizes kernel, stride{1, 1}, pads{0, 0, 0, 0}, dilation{1, 1};
  Index groups = 1;

  Index output(int axis, Index size) const {
    return (size + pads[axis] + pads[axis + 2] - (kernel[axis] - 1) * dilation[axis] - 1) /
               stride[axis] +
           1;
  }
};

Maps convolved(const Maps& x, const HostTensor& weights, const Windows& s) {
  const Maps w{weights.shape, weights.to<double>()};
  const Index outputs = w.shape[0], inputs = w.shape[1], per_group = outputs / s.groups;
  Maps y{{x.shape[0], outputs, s.output(0, x.shape[2]), s.output(1, x.shape[3])}, {}};
  for (Index n = 0; n < y.shape[0]; ++n)
    for (Index o = 0; o < outputs; ++o)
      for (Index i = 0; i < y.shape[2]; ++i)
        for (Index j = 0; j < y.shape[3]; ++j) {
          double sum = 0;
          for (Index c = 0; c < inputs; ++c)
            for (Index a = 0; a < s.kernel[0]; ++a)
              for (Index b = 0; b < s.kernel[1]; ++b)
                sum += w.at(o, c, a, b) * x.at(n, o / per_group * inputs + c,
                                               i * s.stride[0] + a * s.dilation[0] - s.pads[0],
                                               j * s.stride[1] + b * s.dilation[1] - s.pads[1]);
          y.values.push_back(sum);
        }
  return y;
}

}  // namespace

TEST(OnnxOperators, AConvolutionSlidesAnyWindow) {
  const Maps x = images(2, 6);
  const Windows all[] = {{.kernel = {3, 3}, .pads = {1, 1, 1, 1}},
                         {.kernel = {3, 3}, .stride = {2, 2}, .pads = {0, 0, 1, 1}},
                         {.kernel = {3, 3}, .pads = {2, 2, 2, 2}, .dilation = {2, 2}},
                         {.kernel = {1, 5}, .pads = {0, 2, 0, 2}},
                         {.kernel = {4, 2}, .stride = {2, 2}, .pads = {1, 0, 2, 1}},
                         {.kernel = {3, 3}, .pads = {1, 1, 1, 1}, .groups = 3}};
  for (const Windows& s : all) {
    const HostTensor w = tensor({6, 3 / s.groups, s.kernel[0], s.kernel[1]}, 1);
    const Node conv{
        "conv",
        "Conv",
        {"x", "conv.weight"},
        {"m"},
        {{"strides", s.stride}, {"pads", s.pads}, {"dilations", s.dilation}, {"group", s.groups}}};
    expect_map(graph_of({conv}, {{"conv.weight", w}}), x, convolved(x, w, s));
  }
}

TEST(OnnxOperators, ANormABiasAResidualAndAReluFollowAConvolution) {
  const Maps x = images(2, 6);
  const HostTensor w = tensor({3, 3, 3, 3}, 1), bias = tensor({3}, 2), gamma = tensor({3}, 3),
                   beta = tensor({3}, 4), mean = tensor({3}, 5);
  const HostTensor variance = host_tensor({3}, std::vector<double>{0.5, 1, 2});
  const std::vector<Node> nodes{
      {"conv", "Conv", {"x", "w0", "b0"}, {"c"}, {{"pads", Sizes{1, 1, 1, 1}}}},
      {"bn", "BatchNormalization", {"c", "g", "b", "mu", "var"}, {"n"}, {{"epsilon", 1e-3}}},
      {"add", "Add", {"n", "x"}, {"s"}},
      {"relu", "Relu", {"s"}, {"m"}}};
  const Maps c = convolved(x, w, {.kernel = {3, 3}, .pads = {1, 1, 1, 1}});
  const auto of = [](const HostTensor& t, Index i) { return t.to<double>()[i]; };
  Maps m = by_channel(c, [&](double v, Index, Index k) {
    return of(gamma, k) * (v + of(bias, k) - of(mean, k)) / std::sqrt(of(variance, k) + 1e-3) +
           of(beta, k);
  });
  for (std::size_t i = 0; i < m.values.size(); ++i)
    m.values[i] = std::max(m.values[i] + x.values[i], 0.0);
  expect_map(
      graph_of(
          nodes,
          {{"w0", w}, {"b0", bias}, {"g", gamma}, {"b", beta}, {"mu", mean}, {"var", variance}}),
      x, m);
}

TEST(OnnxOperators, PoolingRoundsPadsAndCountsAsOnnxSays) {
  const Maps x = images(2, 5);
  // Windows of 3 every 2 pixels, 1 of padding: at −1, 1 and 3.
  Maps largest{{2, 3, 3, 3}, {}}, inside = largest, padded = largest;
  for (Index n = 0; n < 2; ++n)
    for (Index c = 0; c < 3; ++c)
      for (Index i = -1; i < 5; i += 2)
        for (Index j = -1; j < 5; j += 2) {
          double most = -1, sum = 0, seen = 0;
          for (Index h = std::max<Index>(i, 0); h < std::min<Index>(i + 3, 5); ++h)
            for (Index w = std::max<Index>(j, 0); w < std::min<Index>(j + 3, 5); ++w) {
              most = std::max(most, x.at(n, c, h, w));
              sum += x.at(n, c, h, w);
              ++seen;
            }
          largest.values.push_back(most);
          inside.values.push_back(sum / seen);
          padded.values.push_back(sum / 9);
        }
  const std::map<std::string, onnx::Attribute> window{
      {"kernel_shape", Sizes{3, 3}}, {"strides", Sizes{2, 2}}, {"pads", Sizes{1, 1, 1, 1}}};
  auto counting = window;
  counting["count_include_pad"] = Index{1};
  expect_map(graph_of({{"f", "MaxPool", {"x"}, {"m"}, window}}, {}, 5), x, largest);
  expect_map(graph_of({{"f", "AveragePool", {"x"}, {"m"}, window}}, {}, 5), x, inside);
  expect_map(graph_of({{"f", "AveragePool", {"x"}, {"m"}, counting}}, {}, 5), x, padded);
  // Windows of 2 every 2 pixels, the last one cut off, or not there.
  Maps up{{2, 3, 3, 3}, {}};
  for (Index n = 0; n < 2; ++n)
    for (Index c = 0; c < 3; ++c)
      for (Index i = 0; i < 5; i += 2)
        for (Index j = 0; j < 5; j += 2)
          up.values.push_back(std::max({x.at(n, c, i, j), x.at(n, c, i + 1, j),
                                        x.at(n, c, i, j + 1), x.at(n, c, i + 1, j + 1)}));
  expect_map(
      graph_of(
          {{"f",
            "MaxPool",
            {"x"},
            {"m"},
            {{"kernel_shape", Sizes{2, 2}}, {"strides", Sizes{2, 2}}, {"ceil_mode", Index{1}}}}},
          {}, 5),
      x, up);
}

TEST(OnnxOperators, AMatrixMultipliesTheChannelsThatStandLast) {
  const Maps x = images(2, 4);
  const HostTensor matrix = tensor({3, 4}, 1);
  const std::vector<Node> nodes{{"there", "Transpose", {"x"}, {"t"}, {{"perm", Sizes{0, 2, 3, 1}}}},
                                {"by", "MatMul", {"t", "c"}, {"u"}},
                                {"back", "Transpose", {"u"}, {"m"}, {{"perm", Sizes{0, 3, 1, 2}}}}};
  HostTensor w = tensor({4, 3, 1, 1});  // the same as a convolution
  const std::vector<double> from = matrix.to<double>();
  std::vector<double> to;
  for (Index o = 0; o < 4; ++o)
    for (Index i = 0; i < 3; ++i) to.push_back(from[i * 4 + o]);
  w = host_tensor({4, 3, 1, 1}, to);
  expect_map(graph_of(nodes, {{"c", matrix}}, 4), x, convolved(x, w, {.kernel = {1, 1}}));
}

TEST(OnnxOperators, OneBiasMayBeThatOfAllOutputs) {
  const Maps x = images(2, 4);
  onnx::Graph graph = classified(graph_of({{"same", "Identity", {"x"}, {"m"}}}, {}, 4), 3 * 16);
  graph.nodes.back().inputs.push_back("b");
  std::vector<double> wanted = classes_of(x);
  for (double& v : wanted) v += 0.25;
  for (const Sizes& shape : {Sizes{}, Sizes{1}, Sizes{1, 1}}) {
    graph.tensors["b"] = host_tensor(shape, std::vector<double>{0.25});
    expect_near(logits_of(graph, x), wanted);
  }
}

}  // namespace robmask::test
