// Graphs that are not taken, and the line that says why.

#include "tests/onnx/graphs.h"

namespace robmask::test {

namespace {

using onnx::Node;

void expect_refused(onnx::Graph graph, const std::string& words) {
  const std::string name = graph.source;
  try {
    loaded(std::move(graph));
    ADD_FAILURE() << "taken, without: " << words;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find(name), 0u) << error.what();
  }
}

onnx::Graph good() {
  return classified(graph_of({{"/conv", "Conv", {"x", "k"}, {"m"}}}, {{"k", tensor({2, 3, 3, 3})}}),
                    32);
}

}  // namespace

TEST(OnnxRefused, AGraphThatFitsIsTaken) { EXPECT_EQ(loaded(good()).info.spec.classes, 5); }

TEST(OnnxRefused, OperatorsThatAreLackingAreNamed) {
  onnx::Graph graph = good();
  graph.nodes.insert(graph.nodes.begin() + 1,
                     {{"/up", "Resize", {"m"}, {"a"}}, {"/det", "Det", {"a"}, {"b"}}});
  expect_refused(graph, "node '/up' (Resize): Resize, Det of opset 17 are not supported here");
  graph.nodes[1].op = "QuantizeLinear";
  expect_refused(graph, "a quantized graph");
}

TEST(OnnxRefused, GraphsThatAreNoClassifiersOfImages) {
  onnx::Graph graph = good();
  graph.outputs.push_back({"m", {}});
  expect_refused(graph, "expected one output, logits, got 2: 'y', 'm'");
  graph = good();
  graph.inputs.push_back({"z", {1}});
  expect_refused(graph, "expected one input, images, got 2");
  graph.inputs[1].name = "p";
  expect_refused(graph, "export it at one mask");
  graph.inputs.clear();
  graph.nodes[0].inputs[0] = "k";
  expect_refused(graph, "expected one input, images, got 0");
  graph = good();
  graph.inputs[0].shape = {1, 1, 28, 28};
  expect_refused(graph, "expected images N·3·H·W, got the input 'x' of the shape [1, 1, 28, 28]");
  graph = good();
  graph.outputs[0].name = "m";
  expect_refused(graph, "expected logits of the shape N·classes");
  graph = good();
  graph.outputs[0].name = "w";
  expect_refused(graph, "expected logits of the shape N·classes");
}

TEST(OnnxRefused, ShapesThatDoNotFitNameTheirNode) {
  onnx::Graph graph = good();
  graph.tensors["k"] = tensor({2, 4, 3, 3});
  expect_refused(graph,
                 "node '/conv' (Conv): weights [2, 4, 3, 3] in 1 groups do not fit 3 channels");
  graph = good();
  graph.tensors["w"] = tensor({5, 31});
  expect_refused(graph, "node 'fc' (Gemm): a matrix [5, 31] does not fit 32 inputs");
  graph = good();
  graph.inputs[0].shape = {1, 3, 2, 2};
  expect_refused(graph, "a window of 3 pixels does not fit maps of 2");
  graph = good();
  graph.nodes[0].attributes["strides"] = Sizes{1, 2};
  expect_refused(graph, "strides that differ, 1 and 2, are not supported");
  graph = good();
  graph.nodes[0].attributes["group"] = std::numeric_limits<Index>::max();
  expect_refused(graph, "in 9223372036854775807 groups do not fit 3 channels");
  graph = good();
  graph.nodes[0].attributes["group"] = 0.5;
  expect_refused(graph, "its attribute 'group' is of another type than ONNX says");
}

TEST(OnnxRefused, NodesWithoutOutputsAndFurtherOutputs) {
  onnx::Graph graph = good();
  graph.nodes[1].outputs.clear();
  expect_refused(graph, "it has no output");
  graph = good();
  graph.nodes.insert(graph.nodes.begin() + 1, {"drop", "Dropout", {"m"}, {"d", "seen"}});
  EXPECT_EQ(loaded(graph).info.spec.classes, 5);
  graph.nodes[2].inputs[0] = "seen";
  expect_refused(graph, "'seen' is a further output of its node, which is not supported");
  graph.outputs[0].name = "seen";
  graph.nodes.pop_back();
  graph.nodes.pop_back();
  expect_refused(graph, "output 'seen': 'seen' is a further output");
}

TEST(OnnxRefused, ValuesOfDifferentAxesInARow) {
  onnx::Graph graph = good();
  graph.nodes.insert(graph.nodes.end() - 1,
                     {"cat", "Concat", {"m", "f"}, {"c"}, {{"axis", Index{1}}}});
  graph.nodes.back().inputs[0] = "c";
  expect_refused(graph, "node 'cat' (Concat): its inputs have different numbers of axes");
}

TEST(OnnxRefused, WindowsThatNoMapHas) {
  const auto pooled = [](const char* op, const Sizes& kernel, const Sizes& pads) {
    onnx::Graph graph = good();
    graph.nodes[0] = {"pool", op, {"x"}, {"m"}, {{"kernel_shape", kernel}, {"pads", pads}}};
    return graph;
  };
  const Index most = std::numeric_limits<Index>::max();
  for (const char* op : {"MaxPool", "AveragePool"}) {
    expect_refused(pooled(op, {2, 2}, {2, 0, 0, 0}), "as large as a window of 2");
    expect_refused(pooled(op, {2, 2}, {0, 0, 0, 4096}), "as large as a window of 2");
    for (const Index side : {most, -most - 1, Index{0}})
      expect_refused(pooled(op, {side, 2}, {0, 0, 0, 0}), "a window of");
  }
}

TEST(OnnxRefused, OddRangesOfConstants) {
  const Index most = std::numeric_limits<Index>::max();
  onnx::Graph graph = good();
  graph.nodes.insert(graph.nodes.begin(),
                     {"cut", "Split", {"w"}, {"a", "b", "c"}, {{"split", Sizes{most, most, 7}}}});
  expect_refused(graph, "its parts are not those of 5");
  graph.nodes[0] = {"cut",
                    "Slice",
                    {"w"},
                    {"a"},
                    {{"starts", Sizes{1}}, {"ends", Sizes{5}}, {"steps", Sizes{most}}}};
  graph.opset = 9;
  EXPECT_EQ(loaded(graph).info.spec.classes, 5);
  graph.nodes[0].attributes["starts"] = graph.nodes[0].attributes["ends"] = Sizes{1, 1, 1};
  graph.nodes[0].attributes.erase("steps");
  expect_refused(graph, "it cuts 3 axes of 2");
}

TEST(OnnxRefused, ConstantsThatTakeFarMoreThanTheGraph) {
  const std::string words = "than there are in the graph, by far";
  // A number for each pixel of a large image.
  onnx::Graph graph = good();
  graph.nodes = {{"flat", "Flatten", {"x"}, {"f"}}, {"add", "Add", {"f", "one"}, {"y"}}};
  graph.tensors["one"] = whole({1});
  graph.inputs[0].shape = {1, 3, 4096, 4096};
  expect_refused(graph, words);
  // Means with a factor for each of their places.
  graph = good();
  graph.inputs[0].shape = {1, 3, 4096, 4096};
  graph.nodes[0] = {"pool",
                    "AveragePool",
                    {"x"},
                    {"m"},
                    {{"kernel_shape", Sizes{3, 3}}, {"pads", Sizes{1, 1, 1, 1}}}};
  expect_refused(graph, words);
  // One that is read again and again.
  graph = good();
  graph.tensors["shape"] = whole({1000, 1000});
  graph.nodes.insert(graph.nodes.begin(), {"c", "ConstantOfShape", {"shape"}, {"c"}});
  for (int i = 0; i < 9; ++i)
    graph.nodes.insert(graph.nodes.begin() + 1,
                       {"sum", "ReduceSum", {"c"}, {fmt::format("s{}", i)}});
  expect_refused(graph, words);
  // Sizes beside one of 0, and many axes.
  graph.nodes.resize(1);
  const Index large = Index{1} << 40;
  graph.tensors["shape"] = whole({0, large, large});
  expect_refused(graph, "a constant of the shape [0, 1099511627776, 1099511627776] is too large");
  graph.tensors["shape"] = whole(Sizes(2000, 1));
  expect_refused(graph, "a constant of 2000 axes is not supported");
}

TEST(OnnxRefused, ImagesOfASizeForWhichTheWeightsAreOthers) {
  onnx::Graph graph = graph_of(
      {{"s", "Shape", {"x"}, {"s"}, {{"start", Index{2}}, {"end", Index{3}}}},
       {"k", "Slice", {"w", "zero", "s", "zero"}, {"k"}},
       {"conv", "Conv", {"x", "k"}, {"m"}},
       {"mean", "ReduceMean", {"m"}, {"y"}, {{"axes", Sizes{2, 3}}, {"keepdims", Index{0}}}}},
      {{"w", tensor({40, 3, 1, 1})}, {"zero", whole({0})}}, onnx::open_size);
  const LoadedModel model = loaded(graph);
  EXPECT_EQ(model.model->at(0)(variable_of(images(1, 32))).shape().c, 32);
  EXPECT_THROW(model.model->at(0)(variable_of(images(1, 7))), InputError);
}

TEST(OnnxRefused, WeightsThatAreNoNumbers) {
  onnx::Graph graph = good();
  std::vector<double> k = numbers(54);
  k[3] = std::numeric_limits<double>::quiet_NaN();
  graph.tensors["k"] = host_tensor({2, 3, 3, 3}, k);
  expect_refused(graph, "expected finite numbers, got nan");
  graph = good();
  graph.tensors["k"] = host_tensor({2, 3, 3, 3}, std::vector<Index>(54, 1));
  graph.tensors["k"].type = ElementType::u64;
  expect_refused(graph, "U64");
}

TEST(OnnxRefused, ImagesOfAnotherSize) {
  const onnx::Graph graph = good();
  const LoadedModel model = loaded(graph);
  EXPECT_THROW(model.model->at(0)(variable_of(images(1, 7))), InputError);
}

TEST(OnnxRefused, TrainingAndStoring) {
  const LoadedModel model = loaded(good());
  const Context trains{{model.model->segment(2, Mode::train, {0})}};
  EXPECT_THROW(model.model->logits(variable_of(images(2, 6)), trains), InputError);
  EXPECT_THROW(checkpoint_file(*model.model, model.info), InputError);
}

}  // namespace robmask::test
