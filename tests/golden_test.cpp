// The networks agree with PyTorch in double precision: logits, loss, every gradient, running statistics.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/ops.h"
#include "engine/tape.h"
#include "tests/golden/tensors.h"

namespace robmask {
namespace {

using nlohmann::json;

json read_golden(const std::string& name) {
  std::ifstream file("tests/golden/" + name + ".json");
  return json::parse(file);
}

ModelSpec spec_of(const json& golden) {
  ModelSpec spec;
  spec.name = golden["model"];
  spec.width = golden["width"];
  spec.classes = golden["classes"];
  spec.mean = golden["mean"];
  spec.std = golden["std"];
  return spec;
}

/// Largest difference of logits, in units of the largest logit.
double logits_error(const Tensor& logits, const json& golden) {
  const std::vector<double> ours = logits.to_host<double>();
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double theirs = golden[i / logits.shape().c][i % logits.shape().c];
    error = std::max(error, std::abs(ours[i] - theirs));
    scale = std::max(scale, std::abs(theirs));
  }
  return error / scale;
}

class GoldenModel : public testing::TestWithParam<std::string> {
 protected:
  GoldenModel()
      : golden_(read_golden("model-" + GetParam())),
        machine_(backend("cpu")),
        model_(machine_, DType::f64, spec_of(golden_), 0),
        x_(golden::images(machine_, 0, golden_["images"], golden_["size"])),
        labels_(golden::labels(machine_, 0, golden_["images"])) {
    golden::fill(model_);
  }

  Context pass(Mode mode) const { return {{model_.segment(golden_["images"], mode, {0})}}; }

  void expect_close(const std::vector<double>& ours, const json& theirs, const std::string& what) {
    EXPECT_LT(golden::relative_distance(golden::fingerprint(ours), theirs), 1e-8) << what;
  }

  json golden_;
  Backend& machine_;
  Model model_;
  Variable x_;
  Tensor labels_;
};

TEST_P(GoldenModel, HasAsManyParametersAsPyTorch) {
  EXPECT_EQ(model_.parameter_count(), golden_["parameters"].get<Index>());
}

TEST_P(GoldenModel, AgreesWithPyTorchInEvalMode) {
  Tape tape({x_});
  const Variable logits = model_.logits(x_, pass(Mode::eval));
  const Variable loss = mean(cross_entropy(logits, labels_));
  tape.backward(loss);
  EXPECT_LT(logits_error(logits.value(), golden_["eval_logits"]), 1e-10);
  EXPECT_NEAR(loss.value().item(), golden_["eval_loss"].get<double>(), 1e-10);
  expect_close(golden::channels_first(x_.gradient()), golden_["eval_image_gradient"], "images");
}

TEST_P(GoldenModel, AgreesWithPyTorchInTrainMode) {
  std::vector<Variable> targets = model_.parameters();
  targets.push_back(x_);
  Tape tape(targets);
  const Variable logits = model_.logits(x_, pass(Mode::train));
  const Variable loss = mean(cross_entropy(logits, labels_));
  tape.backward(loss);
  EXPECT_LT(logits_error(logits.value(), golden_["train_logits"]), 1e-10);
  EXPECT_NEAR(loss.value().item(), golden_["train_loss"].get<double>(), 1e-10);
  expect_close(golden::channels_first(x_.gradient()), golden_["train_image_gradient"], "images");
  std::size_t compared = 0;
  for (const Entry& e : model_.entries()) {
    if (e.role == Role::tracked) continue;
    const char* list = e.trained() ? "gradients" : "statistics";
    const Tensor ours = e.trained() ? e.variable.gradient() : e.variable.value();
    for (const golden::Stored& s : golden::stored(e, ours, model_.spec())) {
      expect_close(s.values, golden_[list].at(s.name), s.name);
      ++compared;
    }
  }
  EXPECT_EQ(compared, golden_["gradients"].size() + golden_["statistics"].size());
}

INSTANTIATE_TEST_SUITE_P(Networks, GoldenModel, testing::ValuesIn(model_names()),
                         [](const auto& p) {
                           std::string name = p.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace robmask
