// What is written as an ONNX file is read again as it was.

#include "data/files/fingerprint.h"
#include "data/onnx/graph.h"
#include "data/onnx/protobuf.h"
#include "tests/files/scratch.h"

namespace robmask::onnx {
namespace {

/// A node for each kind of attribute, tensors of several types, a size that is left open.
Graph small_graph() {
  const HostTensor whole = host_tensor<Index>({2}, {3, -4});
  Graph graph{.nodes = {{"scale", "Mul", {"x", "two"}, {"h"}},
                        {"",
                         "Odd",
                         {"h", "", "whole"},
                         {"y", "rest"},
                         {{"int", Index{-7}},
                          {"float", 0.5},
                          {"string", std::string("NOTSET")},
                          {"ints", std::vector<Index>{1, 2, 3}},
                          {"floats", std::vector<double>{0.25, -8}},
                          {"tensor", whole}}}},
              .inputs = {{.name = "x", .shape = {open_size, 3, 8, 8}}},
              .outputs = {{.name = "y", .shape = {open_size, 10}}}};
  graph.tensors = {{"two", host_tensor<float>({}, {2})},
                   {"whole", whole},
                   {"bytes", host_tensor<std::uint8_t>({1, 3}, {0, 128, 255})},
                   {"doubles", host_tensor<double>({2}, {0.1, -1e300})},
                   {"none", host_tensor<float>({0}, {})}};
  graph.metadata = {{"model", "none"}, {"class_names", "[\"a\", \"ö\"]"}};
  return graph;
}

void expect_same_ports(const std::vector<Port>& read, const std::vector<Port>& written) {
  ASSERT_EQ(read.size(), written.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].name, written[i].name);
    EXPECT_EQ(read[i].shape, written[i].shape);
  }
}

TEST(OnnxWrite, ReadsAgainAsItWas) {
  if (!is_built_in()) GTEST_SKIP() << "built without ONNX";
  const test::ScratchFolder folder;
  const Path path = folder / "x.onnx";
  const Graph graph = small_graph();
  write(path, graph);
  const Graph again = read(path);
  EXPECT_EQ(again.opset, graph.opset);
  EXPECT_EQ(again.metadata, graph.metadata);
  EXPECT_EQ(again.tensors, graph.tensors);
  expect_same_ports(again.inputs, graph.inputs);
  expect_same_ports(again.outputs, graph.outputs);
  ASSERT_EQ(again.nodes.size(), graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    EXPECT_EQ(again.nodes[i].name, graph.nodes[i].name);
    EXPECT_EQ(again.nodes[i].op, graph.nodes[i].op);
    EXPECT_EQ(again.nodes[i].inputs, graph.nodes[i].inputs);
    EXPECT_EQ(again.nodes[i].outputs, graph.nodes[i].outputs);
    EXPECT_EQ(again.nodes[i].attributes, graph.nodes[i].attributes);
  }
}

TEST(OnnxWrite, GivesTheSameBytesAgain) {
  if (!is_built_in()) GTEST_SKIP() << "built without ONNX";
  const test::ScratchFolder folder;
  write(folder / "a.onnx", small_graph());
  write(folder / "b.onnx", small_graph());
  EXPECT_EQ(fingerprint(folder / "a.onnx"), fingerprint(folder / "b.onnx"));
}

TEST(OnnxWrite, WithoutLibonnxSaysWhatToInstall) {
  try {
    throw_not_built_in();
  } catch (const Unavailable& error) {
    EXPECT_NE(std::string(error.what()).find("install Debian's libonnx-dev"), std::string::npos);
  }
  if (is_built_in()) return;  // of files, what follows is seen only where there is none
  const test::ScratchFolder folder;
  EXPECT_THROW(write(folder / "x.onnx", small_graph()), Unavailable);
  EXPECT_EQ(folder.files(), 0);
}

}  // namespace
}  // namespace robmask::onnx
