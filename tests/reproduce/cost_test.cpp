// What an experiment will cost.

#include "tools/robmask/reproduce/cost.h"

#include <algorithm>

#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

Work work_of(const Training& t) {
  Work work;
  add_training(work, t, 10, {.train = 1000, .test = 0}, 7);
  return work;
}

TEST(ReproduceWork, CountsTheBranchesAndAttacksOfAMethod) {
  const double images = 10 * 1000, probed = 10 * 64 * 17;
  EXPECT_EQ(work_of({.method = "standard"}).trained, images);
  EXPECT_EQ(work_of({.method = "standard"}).attacked, 0);
  EXPECT_EQ(work_of({.method = "pgd"}).trained, images);
  EXPECT_EQ(work_of({.method = "pgd"}).attacked, 7 * images + probed);
  EXPECT_EQ(work_of({.method = "robmask"}).trained, 2 * images);
  const Training two{.method = "advprop", .options = {"--aux-eps", "4/255,8/255"}};
  EXPECT_EQ(work_of(two).trained, 3 * images);
  EXPECT_EQ(work_of(two).attacked, 14 * images + probed);
}

TEST(ReproduceWork, CountsTheBranchesThatOptionsLeave) {
  const double images = 10 * 1000, probed = 10 * 64 * 17;
  EXPECT_EQ(work_of({.method = "trades", .options = {"--beta", "6"}}).trained, 2 * images);
  EXPECT_EQ(work_of({.method = "trades", .options = {"--beta", "6"}}).attacked,
            7 * images + probed);
  EXPECT_EQ(work_of({.method = "robmask", .options = {"--robmask-loss", "adv"}}).trained, images);
}

TEST(ReproduceWork, FinetuningNeedsNoGradientsOfConvolutions) {
  const double images = 10 * 1000;
  const Work all = work_of(finetuned({.method = "pgd"}, "standard")),
             statistics = work_of(finetuned({.method = "pgd"}, "standard", "stats"));
  EXPECT_EQ(all.trained, 0);
  EXPECT_EQ(all.attacked, images);
  EXPECT_EQ(statistics.attacked, images / 2);
}

TEST(ReproduceWork, AnAttackCostsItsStepsOnTheImagesThatAreLeft) {
  Scale scale;
  scale.pgd_steps = 20, scale.correct = 0.5, scale.robust = 0.1;
  const auto attacked = [&](const std::string& attack) {
    Work work;
    add_attack(work, attack, 100, scale);
    return work.attacked;
  };
  EXPECT_EQ(attacked("clean"), 50);
  EXPECT_EQ(attacked("pgd"), 50 + 1000);
  EXPECT_NEAR(attacked("autoattack"), 50 + 50 * 101 + 10 * (909 + 1350 + 2500), 1e-6);
}

TEST(ReproduceCost, IsTheWorkAtTheSpeedThatIsMeasuredOnceNow) {
  const test::ScratchFolder folder;
  const ReproduceSettings s = settings_of(ScaleName::small, folder / "out");
  const Commands commands(s);
  const Path program = folder / "program";
  test::put(program, "#!/bin/sh\necho \"$@\" >>'" + (folder / "calls").string() +
                         "'\necho '{\"batch\": 64, \"fastest\": {\"train_step_seconds\": 8, "
                         "\"pgd_step_seconds\": 4}}'\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  Cost cost(commands, program.string());
  const Work work{.model = "resnet18", .width = 16, .batch = 64, .trained = 1600, .attacked = 3200};
  EXPECT_NEAR(cost.seconds(work).value(), 400, 1);
  EXPECT_EQ(cost_line({{"x", {"train"}, {}, work}, {"y", {"evaluate"}, {}, {}}}, cost),
            "1 trainings and 1 other commands are missing, about 6:41");
  const std::string calls = read_text(folder / "calls");
  EXPECT_EQ(std::ranges::count(calls, '\n'), 1);
  EXPECT_NE(calls.find("--batch 64"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));  // nothing to be taken for today's speed
  EXPECT_FALSE(Cost(commands, "/nowhere/robmask").seconds(work));
}

}  // namespace
}  // namespace robmask::reproduce
