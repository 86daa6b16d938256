// Operators of imported graphs, beside their definitions in naive loops over N·C·H·W.

#include <cmath>

#include "engine/ops.h"
#include "tests/onnx/graphs.h"
#include "tests/support/gradient_check.h"

namespace robmask::test {

namespace {

using onnx::Node;
using Sizes = std::vector<Index>;

Maps each(const Maps& x, double (*f)(double)) {
  Maps y = x;
  for (double& v : y.values) v = f(v);
  return y;
}

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

/// A value for each image and channel.
using OfChannel = std::function<double(double v, Index n, Index c)>;
Maps by_channel(const Maps& x, const OfChannel& f) {
  Maps y = x;
  const Index pixels = x.shape[2] * x.shape[3];
  for (Index i = 0; i < std::ssize(y.values); ++i)
    y.values[i] = f(x.values[i], i / pixels / x.shape[1], i / pixels % x.shape[1]);
  return y;
}

double mean_of(const Maps& x, Index n, Index c) {
  double sum = 0;
  for (Index h = 0; h < x.shape[2]; ++h)
    for (Index w = 0; w < x.shape[3]; ++w) sum += x.at(n, c, h, w);
  return sum / static_cast<double>(x.shape[2] * x.shape[3]);
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

TEST(OnnxOperators, FunctionsOfANumberAreThoseOfOnnx) {
  const Maps x = images(2, 4);
  const std::pair<Node, double (*)(double)> all[] = {
      {{"f", "LeakyRelu", {"s"}, {"m"}}, [](double v) { return v > 0 ? v : 0.01 * v; }},
      {{"f", "Elu", {"s"}, {"m"}, {{"alpha", 0.5}}},
       [](double v) { return v > 0 ? v : 0.5 * std::expm1(v); }},
      {{"f", "Sigmoid", {"s"}, {"m"}}, [](double v) { return 1 / (1 + std::exp(-v)); }},
      {{"f", "HardSigmoid", {"s"}, {"m"}},
       [](double v) { return std::clamp(0.2 * v + 0.5, 0.0, 1.0); }},
      {{"f", "HardSwish", {"s"}, {"m"}},
       [](double v) { return v * std::clamp(v / 6 + 0.5, 0.0, 1.0); }},
      {{"f", "Softplus", {"s"}, {"m"}}, [](double v) { return std::log1p(std::exp(v)); }},
      {{"f", "Tanh", {"s"}, {"m"}}, [](double v) { return std::tanh(v); }},
      {{"f", "Erf", {"s"}, {"m"}}, [](double v) { return std::erf(v); }},
      {{"f", "Mish", {"s"}, {"m"}},
       [](double v) { return v * std::tanh(std::log1p(std::exp(v))); }},
      {{"f", "Gelu", {"s"}, {"m"}},
       [](double v) { return v / 2 * (1 + std::erf(v / std::sqrt(2))); }},
      {{"f", "Neg", {"s"}, {"m"}}, [](double v) { return -v; }},
      {{"f", "Abs", {"s"}, {"m"}}, [](double v) { return std::abs(v); }},
      {{"f", "Exp", {"s"}, {"m"}}, [](double v) { return std::exp(v); }},
      {{"f", "Pow", {"s", "two"}, {"m"}}, [](double v) { return v * v; }},
      {{"f", "Div", {"two", "x"}, {"m"}}, [](double v) { return 2 / ((v + 2) / 4); }},
      {{"f", "PRelu", {"s", "slope"}, {"m"}}, [](double v) { return v > 0 ? v : 0.3 * v; }},
      {{"f", "Clip", {"s", "", "half"}, {"m"}}, [](double v) { return std::min(v, 0.5); }}};
  const std::map<std::string, HostTensor> tensors{{"four", host_tensor({}, std::vector{4.0})},
                                                  {"two", host_tensor({}, std::vector{2.0})},
                                                  {"half", host_tensor({}, std::vector{0.5})},
                                                  {"slope", host_tensor({1}, std::vector{0.3})}};
  // s = 4·x − 2 lies on both sides of 0.
  const std::vector<Node> before{{"by", "Mul", {"x", "four"}, {"t"}},
                                 {"minus", "Sub", {"t", "two"}, {"s"}}};
  for (const auto& [node, f] : all) {
    std::vector<Node> nodes = before;
    nodes.push_back(node);
    SCOPED_TRACE(node.op);
    expect_map(graph_of(nodes, tensors, 4, 20), x,
               each(each(x, [](double v) { return 4 * v - 2; }), f));
  }
}

TEST(OnnxOperators, XTimesItsSigmoidIsSilu) {
  const Maps x = images(2, 4);
  expect_map(graph_of({{"s", "Sigmoid", {"x"}, {"s"}}, {"f", "Mul", {"x", "s"}, {"m"}}}, {}, 4), x,
             each(x, [](double v) { return v / (1 + std::exp(-v)); }));
}

TEST(OnnxOperators, LimitsOfClipAreAttributesInOldOpsets) {
  const Maps x = images(2, 4);
  expect_map(graph_of({{"f", "Clip", {"x"}, {"m"}, {{"min", 0.25}, {"max", 0.75}}}}, {}, 4, 9), x,
             each(x, [](double v) { return std::clamp(v, 0.25, 0.75); }));
}

TEST(OnnxOperators, ConstantsRepeatOverImagesChannelsAndPixels) {
  const Maps x = images(2, 4);
  const HostTensor channels = tensor({3, 1, 1}, 1), pixels = tensor({1, 1, 4, 4}, 2),
                   whole_map = tensor({3, 4, 4}, 3);
  const auto of = [](const HostTensor& t, Index i) { return t.to<double>()[i]; };
  expect_map(graph_of({{"f", "Sub", {"c", "x"}, {"m"}}}, {{"c", channels}}, 4), x,
             by_channel(x, [&](double v, Index, Index c) { return of(channels, c) - v; }));
  Maps m = x;
  for (Index i = 0; i < std::ssize(m.values); ++i) m.values[i] = x.values[i] * of(pixels, i % 16);
  expect_map(graph_of({{"f", "Mul", {"x", "c"}, {"m"}}}, {{"c", pixels}}, 4), x, m);
  for (Index i = 0; i < std::ssize(m.values); ++i)
    m.values[i] = x.values[i] + of(whole_map, i % 48);
  expect_map(graph_of({{"f", "Add", {"x", "c"}, {"m"}}}, {{"c", whole_map}}, 4), x, m);
}

TEST(OnnxOperators, AGateOfEachChannelMultipliesItsMap) {
  const Maps x = images(2, 4);
  const std::vector<Node> nodes{{"mean", "GlobalAveragePool", {"x"}, {"p"}},
                                {"gate", "Sigmoid", {"p"}, {"g"}},
                                {"scale", "Mul", {"g", "x"}, {"m"}}};
  expect_map(graph_of(nodes, {}, 4), x, by_channel(x, [&](double v, Index n, Index c) {
               return v / (1 + std::exp(-mean_of(x, n, c)));
             }));
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

TEST(OnnxOperators, FlattenAndReshapeKeepOnnxsOrder) {
  const Maps x = images(2, 4);
  for (const Sizes& shape :
       {Sizes{0, -1}, Sizes{-1, 48}, Sizes{0, 3, -1}, Sizes{0, 6, 2, 4}, Sizes{-1, 3, 16}})
    expect_map(graph_of({{"f", "Reshape", {"x", "shape"}, {"m"}}}, {{"shape", whole(shape)}}, 4), x,
               x);
}

TEST(OnnxOperators, ATransposeThereAndBackChangesNothing) {
  const Maps x = images(2, 4);
  const std::vector<Node> nodes{{"there", "Transpose", {"x"}, {"t"}, {{"perm", Sizes{0, 2, 3, 1}}}},
                                {"on", "Mul", {"t", "c"}, {"u"}},
                                {"back", "Transpose", {"u"}, {"m"}, {{"perm", Sizes{0, 3, 1, 2}}}}};
  const HostTensor c = tensor({3}, 1);
  expect_map(graph_of(nodes, {{"c", c}}, 4), x,
             by_channel(x, [&](double v, Index, Index k) { return v * c.to<double>()[k]; }));
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

TEST(OnnxOperators, ChannelsAreSplitAndPutTogether) {
  const Maps x = images(2, 4);
  const std::vector<Node> nodes{
      {"parts", "Split", {"x", "sizes"}, {"a", "b"}, {{"axis", Index{1}}}},
      {"join", "Concat", {"b", "a"}, {"m"}, {{"axis", Index{1}}}}};
  Maps m = x;
  for (Index n = 0; n < 2; ++n)
    for (Index i = 0; i < 48; ++i) m.values[n * 48 + i] = x.values[n * 48 + (i + 32) % 48];
  expect_map(graph_of(nodes, {{"sizes", whole({2, 1})}}, 4), x, m);
}

TEST(OnnxOperators, PixelsAreCutAndPadded) {
  const Maps x = images(2, 4);
  const std::vector<Node> nodes{{"cut", "Slice", {"x", "from", "to", "axes"}, {"c"}},
                                {"pad", "Pad", {"c", "pads", "value"}, {"m"}}};
  Maps m{{2, 3, 4, 3}, {}};
  for (Index n = 0; n < 2; ++n)
    for (Index c = 0; c < 3; ++c)
      for (Index h = 0; h < 4; ++h)
        for (Index w = 0; w < 3; ++w)
          m.values.push_back(h < 1 || w > 1 ? 0.5 : x.at(n, c, h, w + 2));
  expect_map(graph_of(nodes,
                      {{"from", whole({1, -2})},
                       {"to", whole({9223372036854775807, 4})},
                       {"axes", whole({2, 3})},
                       {"pads", whole({0, 0, 1, 0, 0, 0, 0, 1})},
                       {"value", host_tensor({}, std::vector{0.5})}},
                      4),
             x, m);
}

TEST(OnnxOperators, MeansOverAxesKeepThemOrNot) {
  const Maps x = images(2, 4);
  Maps m{{2, 3, 1, 1}, {}};
  for (Index n = 0; n < 2; ++n)
    for (Index c = 0; c < 3; ++c) m.values.push_back(mean_of(x, n, c));
  for (const Index keepdims : {0, 1}) {
    expect_map(
        graph_of(
            {{"f", "ReduceMean", {"x"}, {"m"}, {{"axes", Sizes{2, 3}}, {"keepdims", keepdims}}}},
            {}, 4),
        x, m);
    expect_map(graph_of({{"f", "ReduceMean", {"x", "axes"}, {"m"}, {{"keepdims", keepdims}}}},
                        {{"axes", whole({-1, -2})}}, 4, 18),
               x, m);
  }
}

TEST(OnnxOperators, ShapesAreComputedWhateverTheBatch) {
  const Maps x = images(3, 4);
  // x.view(x.size(0), -1), as PyTorch exports it
  const std::vector<Node> nodes{{"shape", "Shape", {"x"}, {"s"}},
                                {"size", "Gather", {"s", "zero"}, {"n"}},
                                {"more", "Unsqueeze", {"n", "axes"}, {"u"}},
                                {"sizes", "Concat", {"u", "rest"}, {"all"}, {{"axis", Index{0}}}},
                                {"f", "Reshape", {"x", "all"}, {"m"}}};
  expect_map(
      graph_of(nodes,
               {{"zero", host_tensor({}, Sizes{0})}, {"axes", whole({0})}, {"rest", whole({-1})}},
               4),
      x, x);
}

TEST(OnnxOperators, AGraphOfOneImageTakesMore) {
  const Maps x = images(3, 4);
  onnx::Graph graph =
      graph_of({{"f", "Reshape", {"x", "shape"}, {"m"}}}, {{"shape", whole({1, 48})}}, 4);
  graph.inputs[0].shape[0] = 1;
  expect_map(graph, x, x);
}

TEST(OnnxOperators, AnOpenSizeIsThatOfTheImages) {
  onnx::Graph graph = graph_of({{"f", "GlobalAveragePool", {"x"}, {"m"}}}, {});
  graph.inputs[0].shape = {onnx::open_size, 3, onnx::open_size, onnx::open_size};
  for (const Index side : {4, 7}) {
    const Maps x = images(2, side);
    Maps m{{2, 3, 1, 1}, {}};
    for (Index n = 0; n < 2; ++n)
      for (Index c = 0; c < 3; ++c) m.values.push_back(mean_of(x, n, c));
    expect_map(graph, x, m);
  }
}

TEST(OnnxOperators, ContextsThatWatchAreToldOfActivationsByTheirLayers) {
  const std::vector<Node> nodes{{"c", "Conv", {"x", "layer1.conv.weight"}, {"c"}},
                                {"r", "Relu", {"c"}, {"r"}},
                                {"t", "Tanh", {"r"}, {"m"}}};
  const LoadedModel model = loaded(
      classified(graph_of(nodes, {{"layer1.conv.weight", tensor({2, 3, 3, 3})}}), 2 * 4 * 4));
  std::vector<std::string> told;
  Context context = model.model->eval(2, 0);
  context.watch = [&](const std::string& name, const Tensor&) { told.push_back(name); };
  model.model->logits(variable_of(images(2, 6)), context);
  EXPECT_EQ(told, (std::vector<std::string>{"layer1.conv", "activation"}));
}

TEST(OnnxOperators, InputGradientsAreThoseOfFiniteDifferences) {
  const std::vector<Node> nodes{
      {"conv", "Conv", {"x", "w0", "b0"}, {"c"}, {{"pads", Sizes{1, 1, 1, 1}}}},
      {"sig", "Sigmoid", {"c"}, {"s"}},
      {"silu", "Mul", {"c", "s"}, {"a"}},
      {"mean", "GlobalAveragePool", {"a"}, {"p"}},
      {"gate", "HardSigmoid", {"p"}, {"g"}},
      {"scale", "Mul", {"a", "g"}, {"e"}},
      {"deep",
       "Conv",
       {"e", "w1"},
       {"d"},
       {{"pads", Sizes{0, 0, 1, 1}}, {"group", Index{4}}, {"strides", Sizes{2, 2}}}},
      {"both", "Concat", {"d", "h"}, {"m"}, {{"axis", Index{1}}}}};
  std::vector<Node> all = nodes;
  all.insert(all.end() - 1, {"half",
                             "AveragePool",
                             {"a"},
                             {"h"},
                             {{"kernel_shape", Sizes{2, 2}}, {"strides", Sizes{2, 2}}}});
  const onnx::Graph graph = classified(graph_of(all,
                                                {{"w0", tensor({4, 3, 3, 3}, 1)},
                                                 {"b0", tensor({4}, 2)},
                                                 {"w1", tensor({4, 1, 3, 3}, 3)}},
                                                4),
                                       8 * 4);
  const LoadedModel model = loaded(graph);
  const Variable x = variable_of(images(2, 4));
  const auto logits = model.model->at(0);
  expect_gradients({x}, [&] { return weighted_sum(logits(x)); });
}

}  // namespace robmask::test
