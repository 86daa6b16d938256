// What every machine promises of a whole network: an image has the same bits in any batch, and an
// iteration ends where it does on the CPU.

#include "tests/support/machines.h"
#include "engine/ops.h"
#include "engine/tape.h"
#include "training/recipe.h"
#include "training/sgd.h"
#include "training/weights.h"

namespace robmask {
namespace {

class WholeNetwork : public OnMachine {};
ROBMASK_ON_ALL_MAPS(WholeNetwork);

TEST_P(WholeNetwork, GivesAnImageTheSameLogitsAndGradientInAnyBatch) {
  Workbench bench(tested(), dtype());
  const Tensor images = bench.real_input({5, 16, 16, 3}, 0, 0, 1);
  const Tensor labels = bench.integers<std::int32_t>({5, 1, 1, 1}, 10);
  const Model model(tested(), dtype(), {.name = "preact18", .width = 8, .masks = 2}, 0);
  const auto pass = [&](Index first, Index count) {
    const Variable x(images.images(first, count));
    Tape tape({x});
    const Variable logits = model.logits(x, model.eval(count, 0.3));
    tape.backward(sum(cross_entropy(logits, labels.images(first, count))));
    return std::pair{logits.value(), x.gradient()};
  };
  const auto [logits, gradient] = pass(0, 5);
  for (const auto& [first, count] : {std::pair{0, 1}, {4, 1}, {1, 3}}) {
    const auto [some_logits, some_gradient] = pass(first, count);
    EXPECT_EQ(values_of(some_logits), values_of(logits.images(first, count)));
    EXPECT_EQ(values_of(some_gradient), values_of(gradient.images(first, count)));
  }
}

/// In f32, where golden trajectories (f64) do not reach.
class SinglePrecision : public testing::TestWithParam<std::string> {
 protected:
  /// How far an iteration of RobMask moves each tensor. No attack steps: the adversarial images are
  /// the random start, the same on all machines.
  static std::vector<std::vector<double>> updates(const std::string& name) {
    TrainSettings s;
    s.method = Method::robmask;
    s.attack.steps = 0;
    s.bn_stats = BnStats::split;
    const MaskCounts counts = mask_counts(s);
    Backend& tested = machine(name);
    const Model model(
        tested, DType::f32,
        {.name = "resnet18", .width = 8, .masks = counts.masks, .pairs = counts.pairs}, 0);
    const auto recipe = make_recipe(s, model);
    Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
    sgd.set_rate(s.lr);
    Totals totals(tested);
    Workbench bench(tested, DType::f32);
    const Batch batch{bench.input({8, 16, 16, 3}, 0, 0, 1),
                      bench.integers<std::int32_t>({8, 1, 1, 1}, 10),
                      bench.integers<std::int32_t>({8, 1, 1, 1}, 100)};
    const auto numbers = [&] {
      std::vector<std::vector<double>> all;
      for (const Entry& e : model.entries())
        if (e.role != Role::tracked) all.push_back(e.variable.value().to_doubles());
      return all;
    };
    auto moved = numbers();
    recipe->prepare(0, batch.ids.to_host<std::int32_t>());
    recipe->step(batch, totals);
    sgd.step();
    const auto after = numbers();
    for (std::size_t i = 0; i < moved.size(); ++i)
      for (std::size_t j = 0; j < moved[i].size(); ++j) moved[i][j] = after[i][j] - moved[i][j];
    moved.push_back({totals.loss.item()});
    return moved;
  }
};

// Not 1e-6: a γ of 1 moves by some thousands of its last bit only, and where a rounding moves a
// number across zero, a gate of a ReLU changes sides.
TEST_P(SinglePrecision, EndsAnIterationWhereTheCpuDoes) {
  const auto ours = updates(GetParam()), cpu = updates("cpu");
  for (std::size_t i = 0; i < cpu.size(); ++i)
    EXPECT_LT(relative_error(ours[i], cpu[i]), 1e-2) << "tensor " << i;
}

INSTANTIATE_TEST_SUITE_P(Machine, SinglePrecision, testing::ValuesIn([] {
                           auto list = machines_under_test();
                           std::erase(list, "cpu");
                           return list;
                         }()),
                         [](const auto& test) { return test.param; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SinglePrecision);  // a build with the CPU only

}  // namespace
}  // namespace robmask
