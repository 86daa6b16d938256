// The paper's effect on the embedded data: a standard network reads the
// texture and falls to PGD, adversarial training reads the bar and stands, and RobMask does either,
// depending on its mask. Several minutes on two cores, hence Slow: `make tradeoff`.

#include <gtest/gtest.h>

#include "attacks/evaluate.h"
#include "data/dataset.h"
#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "training/trainer.h"

namespace robmask {
namespace {

class SlowTradeoff : public testing::Test {
 protected:
  struct Accuracy {
    double clean, robust;
  };

  SlowTradeoff() : data_(load_dataset("synthetic", options())) {}

  static DataOptions options() {
    DataOptions options;
    options.limit_test = 200;
    return options;
  }

  /// Trains ResNet-18 of width 16 and measures it at each mask: clean, and under PGD-20 at 8/255.
  std::vector<Accuracy> train_and_attack(Method method, Index epochs, Index batch,
                                         const std::vector<double>& masks) const {
    TrainSettings s;
    s.method = method;
    s.epochs = epochs;
    s.batch = batch;
    s.augment = Augment::none;
    s.attack.steps = 4;
    s.attack.step_size = Strength{3.0 / 255, "3/255"};
    s.bn_stats = BnStats::split;
    s.strength.kind = StrengthChoice::Kind::per_image;
    const MaskCounts counts = mask_counts(s);
    const Normalization n = data_.normalization;
    CheckpointInfo info;
    info.spec = {.name = "resnet18",
                 .width = 16,
                 .masks = counts.masks,
                 .pairs = counts.pairs,
                 .mean = n.mean,
                 .std = n.std};
    Backend& machine = backend("cpu");
    const Model model(machine, DType::f32, info.spec, 0);
    const auto recipe = [&] { return make_recipe(s, model); };
    Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
    const test::ScratchFolder folder;
    const Images train(machine, data_.train), test(machine, data_.test), none(machine, {});
    Trainer(s, {model, recipe, sgd}, {train, none}, {info, folder.path()}).run();

    const double eps = 8.0 / 255;
    const AttackPlan pgd{.eps = eps, .step_size = eps / 5, .steps = 20};
    std::vector<Accuracy> result;
    for (const double p : masks) {
      const Verdicts verdicts =
          evaluate({.plan = pgd, .attacked = model.at(p)}, test.labelled(DType::f32));
      const auto share = [&](bool Verdict::*flag) {
        return static_cast<double>(std::ranges::count(verdicts, true, flag)) /
               static_cast<double>(verdicts.size());
      };
      result.push_back({share(&Verdict::clean), share(&Verdict::robust)});
    }
    return result;
  }

  Dataset data_;
};

TEST_F(SlowTradeoff, MasksChooseBetweenCleanAndRobustAccuracy) {
  const Accuracy standard = train_and_attack(Method::standard, 6, 64, {0})[0];
  EXPECT_GE(standard.clean, 0.95);
  EXPECT_LE(standard.robust, 0.10);

  const Accuracy adversarial = train_and_attack(Method::pgd, 8, 32, {0})[0];
  EXPECT_GE(adversarial.robust, 0.60);

  const std::vector<Accuracy> robmask = train_and_attack(Method::robmask, 10, 32, {0, 1});
  EXPECT_GE(robmask[1].robust, adversarial.robust - 0.10);
  EXPECT_GE(robmask[0].clean, adversarial.clean + 0.05);
}

}  // namespace
}  // namespace robmask
