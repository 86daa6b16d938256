#include "engine/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace robmask {
namespace {

float rounded(float x) { return bf16(x); }

TEST(BFloat16, KeepsWhatFitsEightBits) {
  for (const float x : {0.0F, -1.0F, 1.5F, 255.0F, 0x1p-126F, -0x1p127F, INFINITY})
    EXPECT_EQ(rounded(x), x);
  EXPECT_TRUE(std::signbit(rounded(-0.0F)));
}

TEST(BFloat16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(rounded(1 + 0x1p-8F), 1);            // halfway to 1 + 2^-7
  EXPECT_EQ(rounded(1 + 0x3p-8F), 1 + 0x1p-6F);  // halfway, from 1 + 2^-7
  EXPECT_EQ(rounded(1 + 0x1.1p-8F), 1 + 0x1p-7F);
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), INFINITY);
}

TEST(BFloat16, NaNStaysNaN) {
  EXPECT_TRUE(std::isnan(rounded(NAN)));
  EXPECT_TRUE(
      std::isnan(rounded(std::bit_cast<float>(0x7f800001u))));  // its upper half is infinity's
}

}  // namespace
}  // namespace robmask
