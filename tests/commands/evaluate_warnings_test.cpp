// robmask evaluate warns of models that blind an attack, and of attacks too weak to say anything.

#include <algorithm>
#include <set>

#include "tests/commands/evaluation.h"

namespace robmask {
namespace {

std::set<std::string> checks_of(const Json& report) {
  std::set<std::string> checks;
  for (const Json& w : report["warnings"]) checks.insert(w["check"].get<std::string>());
  return checks;
}

TEST_F(Evaluate, RaisesNoWarningAboutASoundModel) {
  EXPECT_EQ(evaluate("--mask 0,1 --attack fgsm,pgd --attack-steps 10")["warnings"], Json::array())
      << "see docs/evaluation.md";
}

TEST_F(Evaluate, CatchesLogitsThatBlindTheAttack) {
  const Path masked = changed([](const std::string& name, std::vector<float>& values) {
    if (name.starts_with("linear."))
      for (float& v : values) v *= 1e4f;
  });
  const std::string pgd = "--mask 1 --attack-steps 10 --start zero";
  EXPECT_GT(evaluate(pgd, masked)["results"][0]["robust_accuracy"],
            evaluate(pgd)["results"][0]["robust_accuracy"]);
  EXPECT_TRUE(checks_of(evaluate(pgd, masked)).contains("zero-gradients"));
  EXPECT_TRUE(checks_of(evaluate(pgd + " --checks off", masked)).empty());
}

TEST_F(Evaluate, CatchesASaturatedFirstLayerAndAConstantClassifier) {
  const Path saturated = changed([](const std::string& name, std::vector<float>& values) {
    if (name == "bn1.bias" || name == "bn1.mask.1.bias") std::ranges::fill(values, -1e3f);
  });
  const auto found = checks_of(evaluate("--mask 0 --attack-steps 5", saturated));
  EXPECT_TRUE(found.contains("chance"));
  EXPECT_TRUE(found.contains("zero-gradients"));
  const Path constant = changed([](const std::string& name, std::vector<float>& values) {
    if (name == "linear.weight") std::ranges::fill(values, 0.0f);
  });
  EXPECT_TRUE(checks_of(evaluate("--mask 0 --attack clean", constant)).contains("chance"));
}

TEST_F(Evaluate, WarnsOfStepsThatCannotCrossTheBall) {
  for (const char* attack : {"pgd", "cw"})
    EXPECT_EQ(checks_of(evaluate(fmt::format("--mask 1 --attack {} --attack-steps 2", attack))),
              std::set<std::string>{"reach"});
}

TEST_F(Evaluate, WarnsOfAttacksThatTakeNoStep) {
  for (const char* attack : {"pgd", "apgd-ce", "cw"})
    EXPECT_EQ(checks_of(evaluate(fmt::format("--mask 1 --attack {} --attack-steps 0", attack))),
              std::set<std::string>{"reach"})
        << attack;
  for (const char* still : {"clean", "pgd --eps 0", "square --queries 9"})
    EXPECT_TRUE(
        checks_of(evaluate(fmt::format("--mask 1 --attack-steps 0 --attack {}", still))).empty())
        << still;
}

TEST_F(Evaluate, WarnsOfAnL2BallOfTheSizeOfAnLinfBall) {
  const std::string l2 = "--mask 1 --norm l2 --attack-steps 10 --eps ";
  EXPECT_EQ(checks_of(evaluate(l2 + "8/255")), std::set<std::string>{"norm"});
  EXPECT_TRUE(checks_of(evaluate(l2 + "0,8/255,0.5")).empty());
}

}  // namespace
}  // namespace robmask
