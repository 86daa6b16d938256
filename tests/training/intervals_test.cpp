// The Wilson interval against its defining equation, and at its edges.

#include "training/intervals.h"

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

TEST(WilsonInterval, OfNothingIsEverything) {
  EXPECT_EQ(wilson_interval(0, 0), (std::array<double, 2>{0, 1}));
}

}  // namespace
}  // namespace robmask
