// Which cells --only asks for.

#include "tools/robmask/reproduce/selection.h"

#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

const Experiment example{
    "table0",
    "a test",
    {},
    {{"A", "Clean", Accuracy{}}, {"AA", "Clean", Accuracy{}}, {"AA", "Robust", Accuracy{}}}};

std::string asked(const std::vector<std::string>& only, const Experiment& of = example) {
  const Selection selection({of}, only);
  std::string names;
  for (const Cell& cell : of.cells)
    if (selection.asks_for(cell)) names += cell.name() + " ";
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
      "table0", "a test", {}, {{"C10", "Clean", Accuracy{}}, {"C100", "Clean", Accuracy{}}}};
  EXPECT_EQ(asked({"c10"}, numbered), "c10.clean ");
  EXPECT_EQ(asked({"c100"}, numbered), "c100.clean ");
  EXPECT_EQ(asked({"c"}, numbered), "c10.clean c100.clean ");
}

TEST(Selection, WhatFitsNoCellIsRefusedWithTheNames) {
  const std::string line = test::message_of<InputError>([] { asked({"aa", "b.clean"}); });
  EXPECT_NE(line.find("aa.robust, got \"b.clean\""), std::string::npos) << line;
}

}  // namespace
}  // namespace robmask::reproduce
