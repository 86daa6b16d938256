// Labels that mean the same to a model and to the images it is shown.

#include "data/class_names.h"

#include <gtest/gtest.h>

#include "tests/files/scratch.h"

namespace robmask {
namespace {

using Labels = std::vector<std::int32_t>;
using Names = std::vector<std::string>;
using test::mentions;
using test::message_of;

/// A folder of two classes, with a test image of each.
Dataset ants_and_cats() {
  Dataset data;
  data.spec = "folder:zoo";
  data.name = "folder";
  data.classes = {"ant", "cat"};
  data.test.labels = {0, 1, 1};
  return data;
}

std::string refusal(Dataset data, const ModelClasses& model,
                    MatchClasses how = MatchClasses::name) {
  return message_of<InputError>([&] { match_classes(data, model, how); });
}

TEST(ClassNames, OfAFolderThatLacksAClassOfTheModelFindTheirs) {
  Dataset data = ants_and_cats();
  match_classes(data, {3, {"ant", "bee", "cat"}}, MatchClasses::name);
  EXPECT_EQ(data.test.labels, (Labels{0, 2, 2}));
  EXPECT_EQ(data.classes, (Names{"ant", "bee", "cat"}));
  ASSERT_EQ(data.warnings.size(), 1u);
  EXPECT_TRUE(mentions(data.warnings[0], "2 of the model's 3 classes")) << data.warnings[0];
}

TEST(ClassNames, InAnotherOrderFindTheirs) {
  Dataset data = ants_and_cats();
  match_classes(data, {2, {"cat", "ant"}}, MatchClasses::name);
  EXPECT_EQ(data.test.labels, (Labels{1, 0, 0}));
  EXPECT_TRUE(data.warnings.empty());
}

TEST(ClassNames, ThatTheModelDoesNotKnowAreRefusedIfThereAreImagesOfThem) {
  const auto line = refusal(ants_and_cats(), {2, {"ant", "dog"}});
  EXPECT_TRUE(mentions(line, "folder:zoo: expected images of the model's 2 classes")) << line;
  EXPECT_TRUE(mentions(line, "'cat'")) << line;
  Dataset data = ants_and_cats();
  data.test.labels = {0, 0};
  match_classes(data, {2, {"dog", "ant"}}, MatchClasses::name);
  EXPECT_EQ(data.test.labels, (Labels{1, 1}));
}

TEST(ClassNames, ThatTheModelDoesNotSayAreAsManyFoldersAsItHasClasses) {
  const auto line = refusal(ants_and_cats(), {3, {}});
  EXPECT_TRUE(mentions(line, "2 class folders, the model has 3 classes")) << line;
  EXPECT_TRUE(mentions(line, "classes.txt")) << line;
  Dataset data = ants_and_cats();
  match_classes(data, {2, {}}, MatchClasses::name);
  EXPECT_EQ(data.test.labels, (Labels{0, 1, 1}));
  EXPECT_EQ(data.classes, (Names{"ant", "cat"}));
}

TEST(ClassNames, GoByPositionIfThatIsAskedFor) {
  Dataset data = ants_and_cats();
  match_classes(data, {3, {"x", "y", "z"}}, MatchClasses::position);
  EXPECT_EQ(data.test.labels, (Labels{0, 1, 1}));
  EXPECT_EQ(data.classes, (Names{"x", "y", "z"}));
  const auto line = refusal(ants_and_cats(), {1, {"x"}}, MatchClasses::position);
  EXPECT_TRUE(mentions(line, "expected labels below 1 (the model's classes), got 1")) << line;
}

TEST(ClassNames, OfRecordsThatTheModelDoesNotKnowGoByPositionWithAWarning) {
  Dataset data = ants_and_cats();
  data.name = "cifar10";
  match_classes(data, {2, {"x", "y"}}, MatchClasses::name);
  EXPECT_EQ(data.test.labels, (Labels{0, 1, 1}));
  EXPECT_EQ(data.classes, (Names{"ant", "cat"}));
  ASSERT_EQ(data.warnings.size(), 1u);
  EXPECT_TRUE(mentions(data.warnings[0], "('ant', 'cat') is one of the model's ('x', 'y')"));
}

TEST(ClassNames, OfRecordsNeedNotAllBeUsed) {
  Dataset data = ants_and_cats();  // as CIFAR-10's binaries with labels of five classes
  data.name = "cifar10";
  data.test.labels = {0, 0};
  match_classes(data, {1, {}}, MatchClasses::name);
  EXPECT_EQ(data.test.labels, (Labels{0, 0}));
  EXPECT_TRUE(data.warnings.empty());
  match_classes(data, {100, {}}, MatchClasses::name);
  ASSERT_EQ(data.warnings.size(), 1u);
  EXPECT_TRUE(mentions(data.warnings[0], "has 2 classes, the model 100")) << data.warnings[0];
}

}  // namespace
}  // namespace robmask
