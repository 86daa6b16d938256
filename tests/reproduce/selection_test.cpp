// Which cells --only asks for.

#include "tools/robmask/reproduce/experiment.h"

#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

const Experiment example{.name = "table0",
                         .title = "a test",
                         .cells = {{"A", "Clean"}, {"AA", "Clean"}, {"AA", "Robust"}}};

std::string asked(const std::vector<std::string>& only, const Experiment& of = example) {
  std::vector<Experiment> list{of};
  select(list, only);
  std::string names;
  for (const Cell& cell : list.at(0).cells)
    if (cell.asked) names += cell.name() + " ";
  return names;
}

TEST(Selection, AsksForAllUnlessToldOtherwise) {
  EXPECT_EQ(asked({}), "a.clean aa.clean aa.robust ");
}

TEST(Selection, PartsOfNamesAskForAllThatHaveThem) {
  EXPECT_EQ(asked({"aa"}), "aa.clean aa.robust ");
  EXPECT_EQ(asked({"rob", "a.cl"}), "a.clean aa.clean aa.robust ");
}

TEST(Selection, AWholeNameAsksForThatCellOnly) {
  EXPECT_EQ(asked({"a.clean"}), "a.clean ");
  EXPECT_EQ(asked({"a.clean", "robust"}), "a.clean aa.robust ");
}

TEST(Selection, APartCutsNoNumber) {
  const Experiment numbered{
      .name = "table0", .title = "a test", .cells = {{"C10", "Clean"}, {"C100", "Clean"}}};
  EXPECT_EQ(asked({"c10"}, numbered), "c10.clean ");
  EXPECT_EQ(asked({"c100"}, numbered), "c100.clean ");
  EXPECT_EQ(asked({"c"}, numbered), "c10.clean c100.clean ");
}

TEST(Selection, AnExperimentOfWhichNothingIsAskedForIsLeftOut) {
  Experiment other = example;
  other.cells = {{"B", "Clean"}};
  std::vector<Experiment> list{other, example};
  select(list, {"aa"});
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].cells.size(), 3u);
}

TEST(Selection, WhatFitsNoCellIsRefusedWithTheNames) {
  const std::string line = test::message_of<InputError>([] { asked({"aa", "b.clean"}); });
  EXPECT_NE(line.find("aa.robust, got \"b.clean\""), std::string::npos) << line;
}

}  // namespace
}  // namespace robmask::reproduce
