// Two per-image tables, paired image by image.

#include "tools/robmask/paired.h"

#include <gtest/gtest.h>

#include "tests/files/scratch.h"

namespace robmask {
namespace {

using test::message_of;

class Paired : public testing::Test {
 protected:
  /// The rows of one result: images 0, 1, … of label 7 with these robust flags.
  static std::vector<CsvRow> rows(const std::string& mask, const std::string& attack,
                                  const std::string& eps, const std::string& flags,
                                  const std::string& label = "7") {
    std::vector<CsvRow> rows;
    for (std::size_t i = 0; i < flags.size(); ++i)
      rows.push_back({mask, attack, "linf", eps, std::to_string(i), label, flags.substr(i, 1)});
    return rows;
  }

  PairedEvaluation other(const std::vector<std::vector<CsvRow>>& results) const {
    CsvTable table{columns_, {}};
    for (const auto& result : results)
      table.rows.insert(table.rows.end(), result.begin(), result.end());
    write_csv(folder_ / "other.csv", table);
    return PairedEvaluation(folder_ / "other.csv");
  }

  const CsvRow columns_{"mask", "attack", "norm", "eps", "image", "label", "robust"};
  const test::ScratchFolder folder_;
};

TEST_F(Paired, EveryMaskOfTheSameAttackAndStrengthIsCompared) {
  const auto there =
      other({rows("0", "pgd", "8/255", "00111"), rows("1", "pgd", "8/255", "11000"),
             rows("0", "pgd", "4/255", "11111"), rows("0", "fgsm", "8/255", "11111")});
  const Json pairs = there.against({columns_, rows("0.5", "pgd", "8/255", "11110")});
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(
      pairs[0],
      (Json{{"mask", 0}, {"robust_here_only", 2}, {"robust_there_only", 1}, {"p_value", 1.0}}));
  EXPECT_EQ(pairs[1]["mask"], 1);
  EXPECT_EQ(pairs[1]["robust_here_only"], 2);
  EXPECT_EQ(pairs[1]["robust_there_only"], 0);
  EXPECT_NEAR(pairs[1]["p_value"].get<double>(), 0.5, 1e-12);
}

TEST_F(Paired, EqualStrengthsMayBeSpelledDifferently) {
  const auto there = other({rows("0", "pgd", "4/8", "01")});
  EXPECT_EQ(there.against({columns_, rows("0", "pgd", "0.5", "11")}).size(), 1u);
}

TEST_F(Paired, WhereNothingIsComparableItSaysSo) {
  const auto there = other({rows("0", "pgd", "8/255", "01")});
  testing::internal::CaptureStderr();
  EXPECT_TRUE(there.against({columns_, rows("0", "fgsm", "8/255", "11")}).empty());
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(test::mentions(warning, "nothing there to pair with attack fgsm")) << warning;
}

TEST_F(Paired, OtherImagesAndOtherFilesAreRefused) {
  const auto there = other({rows("0", "pgd", "8/255", "00111")});
  for (const auto& here :
       {rows("0", "pgd", "8/255", "0011"), rows("0", "pgd", "8/255", "00111", "8")})
    EXPECT_NE(message_of<InputError>([&] {
                there.against({columns_, here});
              }).find("same images"),
              std::string::npos);
  EXPECT_NE(message_of<InputError>([&] {
              other({rows("[1]", "pgd", "8/255", "0")})
                  .against({columns_, rows("0", "pgd", "8/255", "0")});
            }).find("expected a number in columns mask and p, got '[1]'"),
            std::string::npos);
  test::put(folder_ / "log.csv", "epoch,lr\n0,0.1\n");
  EXPECT_NE(
      message_of<InputError>([&] { PairedEvaluation file(folder_ / "log.csv"); }).find("mask"),
      std::string::npos);
}

}  // namespace
}  // namespace robmask
