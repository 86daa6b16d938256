// Graphs that PyTorch has exported (make_onnx.py) compute what PyTorch does: logits, and gradients
// by the images.

#include "data/onnx/graph.h"
#include "engine/ops.h"
#include "engine/tape.h"
#include "tests/golden/tensors.h"
#include "tests/support/machines.h"
#include "training/checkpoint.h"

namespace robmask {
namespace {

double relative(const std::vector<double>& ours, const std::vector<double>& theirs) {
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    error += (ours.at(i) - theirs[i]) * (ours.at(i) - theirs[i]);
    scale += theirs[i] * theirs[i];
  }
  return std::sqrt(error / scale);
}

/// Machine and graph.
class GoldenOnnx : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(GoldenOnnx, AgreesWithPyTorch) {
  if (!onnx::is_built_in()) GTEST_SKIP() << "no libonnx here";
  const auto& [machine_name, name] = GetParam();
  Backend& machine = backend(machine_name);
  const golden::Json golden = golden::read("onnx-" + name);
  const LoadedModel from =
      load_model("tests/golden/onnx-" + name + ".onnx", machine, DType::f64, {});
  const Shape shape{3, 8, 8, 3};
  // N·C·H·W in the file, N·H·W·C here
  const auto reordered = [&](const std::vector<double>& file) {
    std::vector<double> here(file.size());
    for (Index i = 0; i < shape.count(); ++i) {
      const Index n = i / 192, p = i / 3 % 64, c = i % 3;
      here[i] = file.at((n * 3 + c) * 64 + p);
    }
    return here;
  };
  const Variable x(make_tensor(machine, shape, reordered(golden["images"])));
  const Tensor labels =
      make_tensor(machine, {3, 1, 1, 1}, golden["labels"].get<std::vector<std::int32_t>>());
  // Slopes and the like stand in a graph as f32, in PyTorch as f64.
  const double tolerance = name == "wide" ? 1e-12 : 1e-8;
  Tape tape({x});
  const Variable logits = from.model->at(0)(x);
  EXPECT_LT(relative(logits.value().to_doubles(), golden["logits"]), tolerance);
  tape.backward(sum(cross_entropy(logits, labels)));
  EXPECT_LT(relative(x.gradient().to_doubles(), reordered(golden["gradients"])), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Graphs, GoldenOnnx,
                         testing::Combine(testing::ValuesIn(machines_under_test()),
                                          testing::Values("mobile", "dense", "wide")),
                         [](const auto& of) {
                           return std::get<0>(of.param) + "_" + std::get<1>(of.param);
                         });

}  // namespace
}  // namespace robmask
