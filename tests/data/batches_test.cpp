// Epoch orders and mini-batches.

#include "data/batches.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace robmask {
namespace {

TEST(EpochOrder, EveryEpochVisitsEveryImageOnce) {
  for (const std::uint64_t epoch : {0, 1, 7}) {
    auto order = epoch_order(1000, true, 3, epoch);
    std::sort(order.begin(), order.end());
    for (std::int32_t i = 0; i < 1000; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

TEST(EpochOrder, DependsOnSeedAndEpochAndOnNothingElse) {
  const auto order = epoch_order(100, true, 0, 0);
  EXPECT_EQ(order, epoch_order(100, true, 0, 0));
  EXPECT_NE(order, epoch_order(100, true, 0, 1));
  EXPECT_NE(order, epoch_order(100, true, 1, 0));
}

TEST(EpochOrder, IsFileOrderWithoutShuffle) {
  EXPECT_EQ(epoch_order(4, false, 9, 5), (std::vector<std::int32_t>{0, 1, 2, 3}));
}

TEST(EpochOrder, AllOrdersOfThreeImagesAreEquallyLikely) {
  int counts[3][3] = {};
  constexpr int epochs = 3000;
  for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = epoch_order(3, true, 0, epoch);
    for (std::size_t place = 0; place < 3; ++place) ++counts[place][order[place]];
  }
  for (const auto& place : counts) {
    for (const int count : place) EXPECT_NEAR(count, epochs / 3, 130);  // five deviations
  }
}

TEST(Batches, TheLastOneHoldsWhatIsLeft) {
  Batches batches(10, 4, false, 0);
  ASSERT_EQ(batches.count(), 3);
  EXPECT_EQ(batches.at(0, 0).size(), 4u);
  EXPECT_EQ(batches.at(0, 2).size(), 2u);
  EXPECT_EQ(batches.at(0, 2)[1], 9);
}

TEST(Batches, TogetherAreTheOrderOfTheEpoch) {
  Batches batches(11, 3, true, 5);
  std::vector<std::int32_t> seen;
  for (Index b = 0; b < batches.count(); ++b) {
    const auto ids = batches.at(2, b);
    seen.insert(seen.end(), ids.begin(), ids.end());
  }
  EXPECT_EQ(seen, epoch_order(11, true, 5, 2));
}

TEST(Batches, ResumeAtAnyBatchOfAnyEpoch) {
  Batches through(50, 8, true, 1);
  for (Index b = 0; b < through.count(); ++b) through.at(0, b);
  const auto expected = through.at(3, 4);
  Batches resumed(50, 8, true, 1);
  const auto got = resumed.at(3, 4);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), got.begin(), got.end()));
}

TEST(Batches, NeedImagesAndAPositiveSize) {
  EXPECT_THROW(Batches(0, 4, true, 0), InputError);
  EXPECT_THROW(Batches(4, 0, true, 0), InputError);
}

}  // namespace
}  // namespace robmask
