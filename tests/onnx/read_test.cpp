// ONNX files: what is written is read again, and damaged ones are refused in a line.

#include <fstream>

#include "data/files/atomic_file.h"
#include "tests/onnx/graphs.h"

#if __has_include(<onnx/onnx_pb.h>)
#define ONNX_NAMESPACE onnx
#define ONNX_ML 1
#include <onnx/onnx_pb.h>

namespace robmask::test {

namespace {

using ::onnx::ModelProto;
using ::onnx::TensorProto;

class OnnxFiles : public testing::Test {
 protected:
  OnnxFiles() { std::filesystem::create_directories(folder_ / "in"); }
  ~OnnxFiles() override { std::filesystem::remove_all(folder_); }

  /// y = x·w + 0, flattened; one tensor of 3·4 numbers.
  static ModelProto model() {
    ModelProto m;
    m.set_ir_version(8);
    m.add_opset_import()->set_version(17);
    auto& g = *m.mutable_graph();
    auto& x = *g.add_input();
    x.set_name("x");
    auto& type = *x.mutable_type()->mutable_tensor_type();
    type.set_elem_type(TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_param("batch");
    for (const int size : {3, 2, 2}) type.mutable_shape()->add_dim()->set_dim_value(size);
    add_node(m, "Flatten", {"x"}, "f");
    add_node(m, "MatMul", {"f", "w"}, "y");
    auto& w = *g.add_initializer();
    w.set_name("w");
    w.set_data_type(TensorProto::FLOAT);
    w.add_dims(12);
    w.add_dims(2);
    for (int i = 0; i < 24; ++i) w.add_float_data(static_cast<float>(i) / 8);
    auto& y = *g.add_output();
    y.set_name("y");
    y.mutable_type()->mutable_tensor_type();
    return m;
  }

  static void add_node(ModelProto& m, const std::string& op, const std::vector<std::string>& from,
                       const std::string& to) {
    auto& node = *m.mutable_graph()->add_node();
    node.set_op_type(op);
    for (const std::string& name : from) node.add_input(name);
    node.add_output(to);
  }

  Path put(const std::string& bytes) const {
    const Path path = folder_ / "in" / "model.onnx";
    write_file(path, bytes);
    return path;
  }

  void expect_refused(const ModelProto& m, const std::string& words) const {
    expect_refused(m.SerializeAsString(), words);
  }
  void expect_refused(const std::string& bytes, const std::string& words) const {
    const Path path = put(bytes);
    try {
      onnx::import_network(path);
      ADD_FAILURE() << "taken, without: " << words;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find(path.string()), 0u) << error.what();
    }
  }

  std::vector<float> weights(const ModelProto& m) const {
    return onnx::read(put(m.SerializeAsString())).tensors.at("w").to<float>();
  }

  Path folder_ = std::filesystem::temp_directory_path() / fmt::format("onnx-{}", ::getpid());
};

TEST_F(OnnxFiles, NumbersStandInEveryWayThatOnnxHas) {
  const std::vector<float> expected = weights(model());
  EXPECT_EQ(expected[9], 9.0f / 8);
  ModelProto m = model();
  TensorProto& w = *m.mutable_graph()->mutable_initializer(0);
  w.clear_float_data();
  w.set_raw_data(std::string(reinterpret_cast<const char*>(expected.data()), 96));
  EXPECT_EQ(weights(m), expected);
  w.clear_raw_data();
  w.set_data_type(TensorProto::DOUBLE);
  for (const float v : expected) w.add_double_data(v);
  EXPECT_EQ(weights(m), expected);
  w.clear_double_data();
  w.set_data_type(TensorProto::FLOAT16);
  for (int i = 0; i < 24; ++i) w.add_int32_data(0x3c00);  // 1
  EXPECT_EQ(weights(m), std::vector<float>(24, 1));
}

TEST_F(OnnxFiles, WeightsBesideTheGraphAreRead) {
  const std::vector<float> expected = weights(model());
  ModelProto m = model();
  TensorProto& w = *m.mutable_graph()->mutable_initializer(0);
  w.clear_float_data();
  w.set_data_location(TensorProto::EXTERNAL);
  const auto say = [&](const std::string& key, const std::string& value) {
    auto& entry = *w.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  say("location", "w.bin");
  say("offset", "4");
  expect_refused(m, "which is not there");
  const std::string bytes(reinterpret_cast<const char*>(expected.data()), 96);
  write_file(folder_ / "in" / "w.bin", bytes);
  expect_refused(m, "expected 96 bytes from 4 on");
  write_file(folder_ / "in" / "w.bin", "0123" + bytes);
  EXPECT_EQ(weights(m), expected);
  EXPECT_EQ(onnx::read(put(m.SerializeAsString())).beside,
            std::vector{std::filesystem::canonical(folder_) / "in" / "w.bin"});
  say("length", "95");
  expect_refused(m, "expected 96 bytes, got 95");
  w.clear_external_data();
  write_file(folder_ / "out.bin", bytes);
  for (const std::string& place :
       {std::string("../out.bin"), (folder_ / "out.bin").string(), std::string()}) {
    w.clear_external_data();
    say("location", place);
    expect_refused(m, "expected its data in a file in the folder of the graph");
  }
  std::filesystem::create_symlink(folder_ / "out.bin", folder_ / "in" / "link.bin");
  w.clear_external_data();
  say("location", "link.bin");
  expect_refused(m, "expected its data in a file in the folder of the graph");
}

TEST_F(OnnxFiles, FilesThatAreNoGraphs) {
  const std::string good = model().SerializeAsString();
  expect_refused(good.substr(0, good.size() - 3), "was the file cut short?");
  expect_refused("", "was the file cut short?");
  expect_refused(std::string("PK\3\4") + good, "a zip archive");
  ModelProto m;
  expect_refused(m, "was the file cut short?");
}

TEST_F(OnnxFiles, OpsetsFromSevenToTwentyThreeAreTaken) {
  ModelProto m = model();
  for (int opset = 7; opset <= 23; ++opset) {
    m.mutable_opset_import(0)->set_version(opset);
    EXPECT_EQ(onnx::read(put(m.SerializeAsString())).opset, opset);
  }
  for (const int opset : {1, 6, 24}) {
    m.mutable_opset_import(0)->set_version(opset);
    expect_refused(m, fmt::format("expected operators of opset 7 to 23, got {}", opset));
  }
}

TEST_F(OnnxFiles, GraphsThatAreNotInOrder) {
  ModelProto m = model();
  add_node(m, "Relu", {"z"}, "y2");
  add_node(m, "Relu", {"y2"}, "z");
  expect_refused(m, "its input 'z' is made by a later node: the graph has a cycle");
  m = model();
  add_node(m, "Relu", {"nothing"}, "z");
  expect_refused(m, "its input 'nothing' is defined nowhere");
  m = model();
  add_node(m, "Relu", {"x"}, "y");
  expect_refused(m, "its output 'y' is there already");
  m = model();
  m.mutable_graph()->mutable_node(0)->set_domain("com.example");
  expect_refused(m, "operators of the domain 'com.example' are not supported");
}

TEST_F(OnnxFiles, TensorsThatAreNone) {
  ModelProto m = model();
  TensorProto& w = *m.mutable_graph()->mutable_initializer(0);
  w.set_dims(0, 13);
  expect_refused(m, "expected 104 bytes for the shape [13, 2], got 96");
  w.set_dims(0, -1);
  expect_refused(m, "no tensor has the shape [-1, 2]");
  w.set_dims(0, Index{1} << 62);
  expect_refused(m, "no tensor has the shape");
  w.set_dims(0, 0);
  w.set_dims(1, Index{1} << 62);
  expect_refused(m, "no tensor has the shape [0, 4611686018427387904]");
  w.set_dims(0, 12);
  w.set_dims(1, 2);
  w.set_data_type(TensorProto::STRING);
  expect_refused(m, "numbers of type STRING are not supported");
  w.set_data_type(77);
  expect_refused(m, "numbers of type 77 are not supported");
}

TEST_F(OnnxFiles, MessagesThatTakeFarMoreMemoryThanTheirFileAreRefused) {
  ModelProto m = model();
  for (int i = 0; i < 1'000'000; ++i) m.mutable_graph()->add_node();
  expect_refused(m, "more than 16 times the memory of their file");
}

TEST_F(OnnxFiles, SoAreFieldsThatOnnxDoesNotHave) {
  const std::string number = "\x48\x01", text("\x4a\x00", 2), group = "\x4b\x4c";
  for (const std::string& field : {number, text, group}) {
    std::string bytes = model().SerializeAsString();
    for (int i = 0; i < 100; ++i) bytes += field;
    EXPECT_EQ(onnx::read(put(bytes)).nodes.size(), 2u);
    for (int i = 0; i < 500'000; ++i) bytes += field;
    expect_refused(bytes, "more than 16 times the memory of their file");
  }
  std::string types;
  for (int i = 0; i < 500'000; ++i) types += "\xa0\x01\x70";  // of an attribute: 112, which is none
  ModelProto m = model();
  m.mutable_graph()->mutable_node(0)->add_attribute()->ParseFromString(types);
  expect_refused(m, "more than 16 times the memory of their file");
}

}  // namespace
}  // namespace robmask::test

#endif
