// Which images a limit keeps, and what is said of those that lack classes.

#include "data/subset.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/files/scratch.h"

namespace robmask {
namespace {

using Places = std::vector<Index>;

const std::vector<std::int32_t> sorted{0, 0, 0, 0, 1, 1, 1, 1, 2};  // by class, as in a folder

struct Kept {
  Places places;
  std::vector<std::string> warnings;
};
Kept keep(const DataOptions& options) {
  Dataset data;
  data.classes = {"ant", "bee", "cat"};
  Kept kept;
  kept.places = choose_images(sorted, Part::test, options, data);
  kept.warnings = data.warnings;
  return kept;
}

TEST(Subset, OfTheFirstImagesThatLackClassesIsWarnedOfWithTheCounts) {
  const Kept kept = keep({.limit_test = 5});
  EXPECT_EQ(kept.places, (Places{0, 1, 2, 3, 4}));
  ASSERT_EQ(kept.warnings.size(), 1u);
  EXPECT_TRUE(test::mentions(kept.warnings[0],
                             "`limit_test` 5: the first 5 images are of 2 of the 3 classes (ant 4, "
                             "bee 1), and so"))
      << kept.warnings[0];
  EXPECT_TRUE(test::mentions(kept.warnings[0], "`sample` balanced")) << kept.warnings[0];
}

TEST(Subset, ThatIsBalancedTakesAsManyOfEachClassAsThereAre) {
  const Kept kept = keep({.limit_test = 5, .sample = Sample::balanced});
  EXPECT_EQ(kept.places, (Places{0, 1, 4, 5, 8}));
  EXPECT_TRUE(kept.warnings.empty());
  EXPECT_EQ(keep({.limit_test = 4, .sample = Sample::balanced}).places, (Places{0, 1, 4, 8}));
  EXPECT_EQ(keep({.limit_test = 8, .sample = Sample::balanced}).places,
            (Places{0, 1, 2, 3, 4, 5, 6, 8}));
  EXPECT_EQ(keep({.limit_test = 2, .sample = Sample::balanced}).warnings.size(), 1u);
}

TEST(Subset, ThatIsDrawnDependsOnTheSeedAloneAndEveryImageCanBeInIt) {
  std::set<Index> seen;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const DataOptions options{.limit_test = 3, .sample = Sample::random, .seed = seed};
    const Places places = keep(options).places;
    EXPECT_EQ(places, keep(options).places);
    EXPECT_EQ(places.size(), 3u);
    EXPECT_TRUE(std::ranges::is_sorted(places));
    seen.insert(places.begin(), places.end());
  }
  EXPECT_EQ(seen.size(), sorted.size());
}

TEST(Subset, OfAllIsAll) {
  for (const Sample sample : {Sample::first, Sample::balanced, Sample::random}) {
    const Kept kept = keep({.limit_test = 9, .sample = sample});
    EXPECT_EQ(kept.places.size(), sorted.size());
    EXPECT_TRUE(kept.warnings.empty());
  }
}

}  // namespace
}  // namespace robmask
