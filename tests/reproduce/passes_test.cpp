// How much an experiment computes, counted in images that pass through a network.

#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

TEST(ReproducePasses, CountTheBranchesAndAttacksOfAMethod) {
  ReproduceSettings s = settings_of(ScaleName::paper, "out");
  s.common.limit_train = 1000;
  const auto passes = [&](const Training& t) { return Commands(s).train(t).passes / (20 * 1000); };
  EXPECT_EQ(passes({.method = "standard"}), 1);
  EXPECT_EQ(passes({.method = "pgd"}), 1 + 7);
  EXPECT_EQ(passes({.method = "robmask"}), 2 + 7);
  EXPECT_EQ(passes({.method = "robmask", .options = {"--robmask-loss", "adv"}}), 1 + 7);
  EXPECT_EQ(passes({.method = "trades", .options = {"--beta", "6"}}), 2 + 7);
  EXPECT_EQ(passes({.method = "advprop", .options = {"--aux-eps", "random"}}), 2 + 7);
  EXPECT_EQ(passes({.method = "advprop", .options = {"--aux-eps", "4/255,8/255"}}), 3 + 2 * 7);
  EXPECT_EQ(passes(finetuned({.method = "pgd"}, "standard")), 1);
  EXPECT_EQ(passes(finetuned({.method = "standard"}, "pgd")), 1 + 7);
}

TEST(ReproducePasses, ATrainingPassesItsImagesInEveryEpoch) {
  ReproduceSettings s = settings_of(ScaleName::small, "out");
  const Training t{.method = "pgd"};
  EXPECT_EQ(Commands(s).train(t).passes, 5000 * 8 * (1 + 7));
  s.common.limit_train = 32;
  EXPECT_EQ(Commands(s).train(t).passes, 32 * 8 * (1 + 7));
  s = settings_of(ScaleName::paper, "out");
  EXPECT_EQ(Commands(s).train(t).passes, 50'000 * 20 * (1 + 7));
  EXPECT_EQ(Commands(s).train({.data = "imagenet"}).passes, 1'281'167.0 * 20);
}

TEST(ReproducePasses, AnEvaluationPassesItsImagesInEveryStepOfEveryStart) {
  const auto passes = [](ScaleName scale, const std::string& attack) {
    const ReproduceSettings s = settings_of(scale, "out");
    return Commands(s).evaluate({.attack = attack, .eps = "8/255"}).passes;
  };
  EXPECT_EQ(passes(ScaleName::small, "clean"), 500);
  EXPECT_EQ(passes(ScaleName::small, "pgd"), 500 * (1 + 20));
  EXPECT_EQ(passes(ScaleName::small, "autoattack"), 100 * (1 + 100 + 2 * 9 * 100 + 5000));
  EXPECT_EQ(passes(ScaleName::smoke, "autoattack"), 20 * (1 + 4 * 2));
}

TEST(ReproducePasses, TheForecastCountsCommandsAndPasses) {
  EXPECT_EQ(forecast({}), "0 trainings and 0 other commands, about 0.00 million image passes");
  const Job training{"x", {"train"}, {}, 1'200'000}, tuning{"y", {"finetune"}, {}, 30'000},
      evaluation{"z", {"evaluate"}, {}, 20'000};
  EXPECT_EQ(forecast({training, tuning, evaluation}),
            "2 trainings and 1 other commands, about 1.25 million image passes");
}

}  // namespace
}  // namespace robmask::reproduce
