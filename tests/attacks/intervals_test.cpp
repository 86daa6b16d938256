// The Wilson interval against its defining equation and McNemar's test against small cases by hand.

#include "attacks/intervals.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

TEST(WilsonInterval, IsTheRootOfItsEquation) {
  // (p̂ − p)² = z²·p·(1 − p)/n at both ends p (Wilson 1927).
  const double z = 1.959964, n = 300, seen = 45.0 / n;
  for (const double p : wilson_interval(45, 300))
    EXPECT_NEAR((seen - p) * (seen - p), z * z * p * (1 - p) / n, 1e-12);
}

TEST(WilsonInterval, HoldsTheShareAndStaysWithinZeroAndOne) {
  for (const Index hits : {0, 1, 7, 10}) {
    const auto [low, high] = wilson_interval(hits, 10);
    EXPECT_LE(0, low);
    EXPECT_LE(low, static_cast<double>(hits) / 10);
    EXPECT_LE(static_cast<double>(hits) / 10, high + 1e-15);
    EXPECT_LE(high, 1);
    EXPECT_GT(high - low, 0.2);
  }
}

TEST(WilsonInterval, EndsExactlyAtZeroForNoHitsAndAtOneForHitsOnly) {
  for (Index n = 1; n <= 20'000; ++n) {
    EXPECT_EQ(wilson_interval(0, n)[0], 0) << n;
    EXPECT_EQ(wilson_interval(n, n)[1], 1) << n;
    // What is left of the equation where p̂ is 0 or 1: p = z² / (n + z²) at the other end.
    const double z = 1.959964, other = z * z / (static_cast<double>(n) + z * z);
    EXPECT_NEAR(wilson_interval(0, n)[1], other, 1e-12) << n;
    EXPECT_NEAR(wilson_interval(n, n)[0], 1 - other, 1e-12) << n;
  }
}

TEST(WilsonInterval, OfNothingIsEverything) {
  EXPECT_EQ(wilson_interval(0, 0), (std::array<double, 2>{0, 1}));
}

TEST(McNemar, CountsTheTailsOfAFairCoin) {
  EXPECT_NEAR(mcnemar_p_value(0, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_p_value(5, 0), 2.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_p_value(1, 3), 2 * (1 + 4) / 16.0, 1e-12);
  EXPECT_NEAR(mcnemar_p_value(40, 60), 0.0568879, 1e-6);  // SciPy's binomtest(40, 100)
}

TEST(McNemar, OfNoDifferenceIsCertain) {
  EXPECT_EQ(mcnemar_p_value(0, 0), 1);
  EXPECT_EQ(mcnemar_p_value(8, 8), 1);
}

}  // namespace
}  // namespace robmask
