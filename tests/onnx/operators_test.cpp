// Operators of imported graphs, beside their definitions in naive loops over N·C·H·W.

#include <cmath>

#include "engine/ops.h"
#include "tests/onnx/graphs.h"
#include "tests/support/gradient_check.h"

namespace robmask::test {

namespace {

using onnx::Node;

Maps each(const Maps& x, double (*f)(double)) {
  Maps y = x;
  for (double& v : y.values) v = f(v);
  return y;
}

}  // namespace

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

TEST(OnnxOperators, ANumberOfEachImageBecomesAMatrixAgain) {
  const Maps x = images(2, 4);
  const std::vector<Node> nodes{
      {"mean", "ReduceMean", {"x"}, {"s"}, {{"axes", Sizes{1, 2, 3}}, {"keepdims", Index{0}}}},
      {"row", "Reshape", {"s", "shape"}, {"m"}}};
  Maps m{{2, 1, 1, 1}, {}};
  for (Index n = 0; n < 2; ++n)
    m.values.push_back((mean_of(x, n, 0) + mean_of(x, n, 1) + mean_of(x, n, 2)) / 3);
  expect_map(graph_of(nodes, {{"shape", whole({-1, 1})}}, 4), x, m);
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
