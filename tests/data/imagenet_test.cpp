// The 1,000 classes of ImageNet: their ids and their words.

#include "data/imagenet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace robmask {
namespace {

TEST(ImageNet, ThereAreAThousandSortedWnids) {
  const auto& wnids = imagenet_wnids();
  ASSERT_EQ(wnids.size(), 1000u);
  for (const std::string& wnid : wnids) {
    EXPECT_EQ(wnid.size(), 9u);
    EXPECT_EQ(wnid[0], 'n');
    EXPECT_EQ(wnid.find_first_not_of("0123456789", 1), std::string::npos);
  }
  EXPECT_EQ(std::adjacent_find(wnids.begin(), wnids.end(), std::greater_equal<>()), wnids.end());
}

TEST(ImageNet, EachClassHasAWordOfItsOwn) {
  const std::vector<std::string> titles = class_titles(imagenet_wnids());
  EXPECT_EQ(std::set(titles.begin(), titles.end()).size(), 1000u);
  EXPECT_EQ(std::ranges::count(titles, ""), 0);
  for (std::size_t i = 0; i < titles.size(); ++i) EXPECT_NE(titles[i], imagenet_wnids()[i]);
}

TEST(ImageNet, TheWordsAreWordNets) {
  EXPECT_EQ(class_title("n01440764"), "tench");
  EXPECT_EQ(class_title("n01443537"), "goldfish");
  EXPECT_EQ(class_title("n02123045"), "tabby");
  EXPECT_EQ(class_title("n15075141"), "toilet tissue");
  EXPECT_EQ(class_title("n02012849"), "crane (wading bird)");
  EXPECT_EQ(class_title("n03126707"), "crane (lifting device)");
}

TEST(ImageNet, OtherNamesAreTheirOwnTitles) {
  for (const char* name : {"", "cat", "n00000000", "n99999999", "n0144076"})
    EXPECT_EQ(class_title(name), name);
}

}  // namespace
}  // namespace robmask
