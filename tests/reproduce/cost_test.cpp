// What an experiment will cost.

#include "tools/robmask/reproduce/cost.h"

#include "data/files/json.h"
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

TEST(ReproduceWork, AnAttackCostsItsStepsOnEveryImage) {
  Work work;
  add_attack(work, "clean", 100, 20);
  EXPECT_EQ(work.attacked, 50);
  add_attack(work, "pgd", 100, 20);
  EXPECT_EQ(work.attacked, 50 + 2050);
}

TEST(ReproduceCost, IsTheWorkAtTheMeasuredSpeed) {
  const test::ScratchFolder folder;
  const ReproduceSettings s = settings_of(ScaleName::small, folder.path());
  const Commands commands(s);
  Runner runner("/nowhere/robmask");
  Cost cost(commands, runner);
  const Work work{.model = "resnet18", .width = 16, .trained = 1600, .attacked = 3200};
  EXPECT_FALSE(cost.seconds({.model = "preact18"}));  // its speed cannot be measured
  const Job bench = commands.bench(work);
  std::filesystem::create_directories(bench.folder);
  write_json(bench.result(), {{"train_step_seconds", 2.0}, {"pgd_step_seconds", 1.0}});
  EXPECT_NEAR(cost.seconds(work).value(), 400, 1);  // batches of 16
  EXPECT_EQ(cost_line({{"x", {"train"}, {}, work}, {"y", {"evaluate"}, {}, {}}}, cost),
            "1 trainings and 1 other commands are missing, about 6:41");
}

}  // namespace
}  // namespace robmask::reproduce
