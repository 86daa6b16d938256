// What several results on the same images say together, and the numbers of each alone.

#include "tools/robmask/comparisons.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

/// Five images of label 0, of which the last is wrong as it is: `broken_by` has for each the attack
/// that breaks it, clean if none does.
using BrokenBy = std::vector<AttackName>;
constexpr auto none = AttackName::clean;

AttackResult result_of(double mask, AttackName attack, const BrokenBy& broken_by,
                       double eps = 8.0 / 255) {
  AttackResult result{.of = {.mask = mask, .eps = {eps, fmt::format("{}", eps)}, .plan = {}}};
  result.of.plan.attack = attack;
  result.of.plan.eps = eps;
  for (std::size_t i = 0; i < broken_by.size(); ++i) {
    Verdict v{.image = static_cast<std::int32_t>(i), .clean = i + 1 < broken_by.size()};
    v.robust = v.clean && broken_by[i] == none;
    if (v.clean) v.broken_by = broken_by[i];
    v.prediction = v.robust ? 0 : 1;
    result.verdicts.push_back(v);
  }
  return result;
}

constexpr auto pgd = AttackName::pgd, fgsm = AttackName::fgsm, square = AttackName::square;

TEST(Comparisons, TheWorstCaseCountsAnImageRobustIfNoAttackBreaksIt) {
  const std::vector<AttackResult> results{
      result_of(0, AttackName::clean, {none, none, none, none, none}),
      result_of(0, fgsm, {fgsm, none, none, none, none}),
      result_of(0, pgd, {none, pgd, none, none, none}),
      result_of(1, pgd, {none, pgd, none, none, none})};
  const Json worst = worst_cases(results);
  ASSERT_EQ(worst.size(), 1u);
  EXPECT_EQ(worst[0]["mask"], 0.0);
  EXPECT_EQ(worst[0]["attacks"], (Json{"fgsm", "pgd"}));
  EXPECT_EQ(worst[0]["n"], 5);
  EXPECT_EQ(worst[0]["clean_accuracy"], 0.8);
  EXPECT_EQ(worst[0]["robust_accuracy"], 0.4);
}

TEST(Comparisons, MasksArePairedWithTheReferenceAtTheSameAttackAndStrength) {
  const std::vector<AttackResult> results{result_of(0, pgd, {pgd, pgd, none, none, none}),
                                          result_of(0, pgd, {none, none, none, none, none}, 0.01),
                                          result_of(0.5, pgd, {none, none, none, pgd, none}),
                                          result_of(1, fgsm, {none, none, none, none, none})};
  const std::vector<Json> pairs = mask_pairs(results, 0);
  ASSERT_EQ(pairs.size(), 4u);
  EXPECT_TRUE(pairs[0].empty() && pairs[1].empty() && pairs[3].empty());
  EXPECT_EQ(
      pairs[2],
      (Json::array(
          {{{"mask", 0.0}, {"robust_here_only", 2}, {"robust_there_only", 1}, {"p_value", 1.0}}})));
}

TEST(Comparisons, GradientsAreMaskedWhereOnlySquareBreaksImages) {
  const BrokenBy by_square{square, square, none, none, none}, by_pgd{pgd, pgd, none, none, none};
  const auto whites = result_of(0, pgd, {none, none, none, none, none});
  EXPECT_EQ(masked_gradients(std::vector{whites, result_of(0, square, by_square)}).size(), 1u);
  EXPECT_TRUE(
      masked_gradients(std::vector{result_of(0, pgd, by_pgd), result_of(0, square, by_square)})
          .empty());
  EXPECT_TRUE(masked_gradients(std::vector{result_of(0, square, by_square)}).empty());
}

TEST(Comparisons, WhatSquareBrokeBeforeOthersTriedSaysNothingOfGradients) {
  const BrokenBy by_square{square, square, none, none, none};
  AttackResult plus = result_of(0, AttackName::autoattack, by_square);
  EXPECT_EQ(masked_gradients(std::vector{plus}).size(), 1u);  // standard: it comes last
  plus.of.plan.version = AaVersion::plus;
  EXPECT_TRUE(masked_gradients(std::vector{plus}).empty());
  EXPECT_TRUE(masked_gradients(std::vector{plus, result_of(0, square, by_square)}).empty());
}

TEST(Comparisons, PerImageRowsNameTheAttackThatBrokeTheImage) {
  Split split;
  split.labels = {0, 0, 0};
  split.files = {"a/1.png", "a/2.png", "a/3.png"};
  const CsvTable table =
      per_image_table(result_of(0, pgd, {pgd, none, none}), split, {"ant", "bee"});
  const auto column = [&](const char* name) {
    std::vector<std::string> cells;
    for (const CsvRow& row : table.rows) cells.push_back(row[table.column(name, "")]);
    return cells;
  };
  using Cells = std::vector<std::string>;
  EXPECT_EQ(column("broken_by"), (Cells{"pgd", "", ""}));
  EXPECT_EQ(column("clean"), (Cells{"1", "1", "0"}));
  EXPECT_EQ(column("robust"), (Cells{"0", "1", "0"}));
  EXPECT_EQ(column("prediction"), (Cells{"1", "0", "1"}));
  EXPECT_EQ(column("class"), (Cells{"ant", "ant", "ant"}));
  EXPECT_EQ(column("predicted_class"), (Cells{"bee", "ant", "bee"}));
  EXPECT_EQ(column("file"), (Cells{"a/1.png", "a/2.png", "a/3.png"}));
}

}  // namespace
}  // namespace robmask
