// The networks agree with PyTorch in double precision: logits, loss, every gradient, running
// statistics.

#include "engine/ops.h"
#include "engine/tape.h"
#include "tests/golden/tensors.h"
#include "tests/support/machines.h"
#include "tests/support/networks.h"

namespace robmask {
namespace {

ModelSpec spec_of(const golden::Json& golden) {
  ModelSpec spec;
  spec.name = golden["model"];
  spec.width = golden["width"];
  spec.classes = golden["classes"];
  spec.mean = golden["mean"];
  spec.std = golden["std"];
  return spec;
}

/// One of two blocks a stage beside the small one: its second has no shortcut, its first has one in
/// all stages.
std::vector<std::string> networks() {
  std::vector<std::string> names = networks_under_test();
  names.insert(names.end(), {"wrn-16-2", "dm-wrn-16-2-relu"});
  return names;
}

/// Largest difference of logits {N,1,1,classes}, in units of the largest logit.
double logits_error(const Tensor& logits, const golden::Json& golden) {
  const std::vector<double> ours = logits.to_host<double>();
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double theirs = golden[i / logits.shape().c][i % logits.shape().c];
    error = std::max(error, std::abs(ours[i] - theirs));
    scale = std::max(scale, std::abs(theirs));
  }
  return error / scale;
}

/// Machine and network.
class GoldenModel : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  GoldenModel()
      : golden_(golden::read("model-" + std::get<1>(GetParam()))),
        machine_(backend(std::get<0>(GetParam()))),
        model_(machine_, DType::f64, spec_of(golden_), 0),
        x_(golden::images(machine_, 0, golden_["images"], golden_["size"])),
        labels_(golden::labels(machine_, 0, golden_["images"])) {
    golden::fill(model_);
  }

  Context pass(Mode mode) const { return {{model_.segment(golden_["images"], mode, {0})}}; }

  golden::Json golden_;
  Backend& machine_;
  Model model_;
  Variable x_;
  Tensor labels_;
};

TEST_P(GoldenModel, AgreesWithPyTorchInEvalMode) {
  EXPECT_EQ(model_.parameter_count(), golden_["parameters"].get<Index>());
  Tape tape({x_});
  const Variable logits = model_.logits(x_, pass(Mode::eval));
  const Variable loss = mean(cross_entropy(logits, labels_));
  tape.backward(loss);
  EXPECT_LT(logits_error(logits.value(), golden_["eval_logits"]), 1e-10);
  EXPECT_NEAR(loss.value().item(), golden_["eval_loss"].get<double>(), 1e-10);
  golden::expect_close(golden::channels_first(x_.gradient()), golden_["eval_image_gradient"], 1e-8,
                       "the gradient of the images");
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
  golden::expect_close(golden::channels_first(x_.gradient()), golden_["train_image_gradient"], 1e-8,
                       "the gradient of the images");
  std::size_t compared = 0;
  for (const StoredTensor& t : stored_tensors(model_)) {
    if (t.entry->role == Role::tracked) continue;
    const Variable& v = t.entry->variable;
    const bool trained = t.entry->trained();
    golden::expect_close(to_stored(t, trained ? v.gradient() : v.value()).to<double>(),
                         golden_[trained ? "gradients" : "statistics"].at(t.name), 1e-8, t.name);
    ++compared;
  }
  EXPECT_EQ(compared, golden_["gradients"].size() + golden_["statistics"].size());
}

INSTANTIATE_TEST_SUITE_P(Networks, GoldenModel,
                         testing::Combine(testing::ValuesIn(machines_under_test()),
                                          testing::ValuesIn(networks())),
                         [](const auto& instance) {
                           std::string name = std::get<1>(instance.param);
                           std::erase(name, '-');
                           return std::get<0>(instance.param) + '_' + name;
                         });

}  // namespace
}  // namespace robmask
