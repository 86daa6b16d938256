#include "tools/course/lesson_7/exercises.h"

#include <gtest/gtest.h>

#include <cmath>

namespace robmask::course {
namespace {

using Numbers = std::vector<double>;

void expect_near(const Numbers& a, const Numbers& b, const char* why) {
  ASSERT_EQ(a.size(), b.size()) << why;
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12) << why << ", " << i;
}

TEST(GammaAt, BlendsTwoMasksByTheStrength) {
  const Table masks{{1, 10, 0}, {3, 20, -4}};
  expect_near(gamma_at(masks, 0), {1, 10, 0}, "p = 0: the first mask");
  expect_near(gamma_at(masks, 0.25), {1.5, 12.5, -1}, "p = 0.25: three quarters of the first");
  expect_near(gamma_at(masks, 1), {3, 20, -4}, "p = 1: the second mask");
}

TEST(GammaAt, HearsOfManyMasksOnlyTheTwoBesideTheStrength) {
  const Table masks{{1}, {100}, {10000}, {1000000}};
  expect_near(gamma_at(masks, 1.0 / 3), {100}, "mask 1 of 0 … 3 lies at 1/3");
  expect_near(gamma_at(masks, 0.5), {5050}, "half way from 1/3 to 2/3");
  expect_near(gamma_at(masks, 0.1), {0.7 + 30}, "p = 0.1 is 0.3 of the way to mask 1");
  expect_near(gamma_at(masks, 1), {1000000}, "p = 1 is the last mask, and nothing lies behind it");
}

TEST(GammaAt, TakesTheOnlyMaskAtAnyStrength) {
  expect_near(gamma_at({{2, 5}}, 0), {2, 5}, "one mask, p = 0");
  expect_near(gamma_at({{2, 5}}, 0.7), {2, 5}, "one mask, p = 0.7");
}

/// Three images of four pixels: clean, attacked at full strength, and half way.
const Table codes{{1, 0}, {0, 1}, {0.5, 0.5}};
const Table x{{0.4, -1.3, 0.9, 0.2}, {-0.7, 1.1, 0.3, -0.2}, {1.4, -0.8, -0.1, 0.8}};
const Table dz{{1, 2, -1, 0.5}, {-0.5, 0.3, 1.5, 2}, {0.7, -1.2, 0.4, 1}};
const Numbers w{1.5, -0.5}, b{0.2, 0.4};

/// Σ dz·z, whose derivatives with respect to w and b are dw and db.
double total(const Numbers& with_w, const Numbers& with_b) {
  double sum = 0;
  for (std::size_t n = 0; n < x.size(); ++n)
    for (std::size_t r = 0; r < x[n].size(); ++r) {
      double y = 0;
      for (std::size_t j = 0; j < 2; ++j) y += codes[n][j] * (with_w[j] * x[n][r] + with_b[j]);
      sum += dz[n][r] * std::fmax(y, 0);
    }
  return sum;
}

TEST(MaskStep, SendsEachImageThroughItsOwnMask) {
  const MaskStep step = mask_step(codes, x, w, b, dz);
  ASSERT_EQ(step.z.size(), 3) << "one row an image";
  // By hand. Clean: 1.5·x̂ + 0.2; attacked: −0.5·x̂ + 0.4; half way: 0.5·x̂ + 0.3
  expect_near(step.z[0], {0.8, 0, 1.55, 0.5}, "γ = 1.5, β = 0.2");
  expect_near(step.z[1], {0.75, 0, 0.25, 0.5}, "γ = −0.5, β = 0.4");
  expect_near(step.z[2], {1, 0, 0.25, 0.7}, "γ = 0.5, β = 0.3");
}

TEST(MaskStep, GivesEachMaskItsShareOfEveryImage) {
  const MaskStep step = mask_step(codes, x, w, b, dz);
  ASSERT_EQ(step.dw.size(), 2);
  ASSERT_EQ(step.db.size(), 2);
  constexpr double h = 1e-6;
  for (std::size_t j = 0; j < 2; ++j) {
    Numbers up = w, down = w;
    up[j] += h;
    down[j] -= h;
    EXPECT_NEAR(step.dw[j], (total(up, b) - total(down, b)) / (2 * h), 1e-8) << "dw of mask " << j;
    up = down = b;
    up[j] += h;
    down[j] -= h;
    EXPECT_NEAR(step.db[j], (total(w, up) - total(w, down)) / (2 * h), 1e-8) << "db of mask " << j;
  }
}

TEST(MaskStep, LearnsNothingForAMaskThatNoImageWentThrough) {
  const MaskStep step = mask_step({{0, 1}}, {{2, -3}}, w, {0, 0}, {{1, 1}});
  // z = max(−0.5·(2, −3), 0) = (0, 1.5): the second pixel alone passes
  expect_near(step.dw, {0, -3}, "u = (0, 1)");
  expect_near(step.db, {0, 1}, "u = (0, 1)");
}

}  // namespace
}  // namespace robmask::course
