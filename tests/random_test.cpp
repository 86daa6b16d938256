#include "engine/random.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace robmask {
namespace {

using Words = std::array<std::uint32_t, 4>;

TEST(Random, PhiloxGivesTheAnswersOfRandom123) {
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EveryPartOfAStreamsNameMatters) {
  const Stream base{.seed = 1, .purpose = Purpose::start, .branch = 1, .step = 1, .image = 1};
  std::vector<Stream> streams(9, base);
  streams[1].seed = 2;
  streams[2].seed += 1ull << 32;
  streams[3].purpose = Purpose::crop;
  streams[4].branch = 2;
  streams[5].branch = 0xffff;
  streams[6].step = 2;
  streams[7].step = 0xffffffff;
  streams[8].image = 2;
  std::set<Words> words;
  for (const Stream& s : streams)
    for (const std::uint32_t block : {0u, 1u, 2u}) words.insert(random_words(s, block));
  EXPECT_EQ(words.size(), 3 * streams.size());
}

template <class T>
class RandomUniform : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(RandomUniform, Precisions);

TYPED_TEST(RandomUniform, LiesInTheUnitIntervalWithItsMeanAndVariance) {
  constexpr int n = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const TypeParam u = random_uniform<TypeParam>({.seed = 3}, i);
    ASSERT_TRUE(0 <= u && u < 1);
    sum += u;
    squares += static_cast<double>(u) * u;
  }
  EXPECT_NEAR(sum / n, 1.0 / 2, 0.005);  // five standard deviations of the estimate
  EXPECT_NEAR(squares / n, 1.0 / 3, 0.005);
}

TYPED_TEST(RandomUniform, NeighboursAreUncorrelated) {
  constexpr int n = 100000;
  double product = 0;
  for (int i = 0; i < n; ++i)
    product += (random_uniform<TypeParam>({.seed = 4}, i) - 0.5) *
               (random_uniform<TypeParam>({.seed = 4}, i + 1) - 0.5);
  EXPECT_NEAR(12 * product / n, 0, 0.016);
}

TEST(Random, NormalHasTheFirstFourMomentsOfANormal) {
  constexpr int n = 100000;
  double moment[5] = {};
  for (int i = 0; i < n; ++i) {
    const double a = random_normal({.seed = 5}, i);
    for (int k = 1; k <= 4; ++k) moment[k] += std::pow(a, k) / n;
  }
  EXPECT_NEAR(moment[1], 0, 0.016);
  EXPECT_NEAR(moment[2], 1, 0.023);
  EXPECT_NEAR(moment[3], 0, 0.062);
  EXPECT_NEAR(moment[4], 3, 0.16);
}

TEST(Random, BelowReachesEveryNumberEquallyOften) {
  constexpr int n = 90000;
  std::vector<int> count(9);
  for (int i = 0; i < n; ++i) ++count.at(random_below({.seed = 6}, i, 9));
  for (const int c : count) EXPECT_NEAR(c, n / 9, 500);
}

}  // namespace
}  // namespace robmask
