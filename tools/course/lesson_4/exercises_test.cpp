#include "tools/course/lesson_4/exercises.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace robmask::course {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

/// Σ dz·z, of which everything is a derivative; written from the definition.
double loss(const List& x, const List& dz, double gamma, double beta, double eps) {
  double mean = 0, variance = 0, sum = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
  for (std::size_t r = 0; r < x.size(); ++r)
    sum += dz[r] * std::max(gamma * (x[r] - mean) / std::sqrt(variance + eps) + beta, 0.0);
  return sum;
}

const List x = {2, 4, 4.5, 3, 5, 5.5, 7, 9}, dz = {1, 2, -1, 3, 1, -2, 1, 2};
constexpr double gamma_of_all = 1.5, beta_of_all = 0.4, h = 1e-5;

TEST(LensOf, OneMaskIsPlainBatchNorm) {
  const LensNumbers lens = lens_of(
      {.code = {1}, .weights = {{3}}, .biases = {{1}}, .mean = {5}, .variance = {4}, .eps = 0});
  EXPECT_THAT(lens.scale, ElementsAre(1.5)) << "3/√4";
  EXPECT_THAT(lens.shift, ElementsAre(-6.5)) << "1 − 3/√4·5";
}

TEST(LensOf, BlendsTwoMasksByTheCode) {
  const LensNumbers lens = lens_of({.code = {0.75, 0.25},
                                    .weights = {{1, 2}, {5, -2}},
                                    .biases = {{0, 4}, {8, 0}},
                                    .mean = {0, 1},
                                    .variance = {1, 0.25},
                                    .eps = 0});
  EXPECT_THAT(lens.scale, ElementsAre(2, 2)) << "γ is 0.75·1 + 0.25·5 = 2 and 0.75·2 − 0.25·2 = 1";
  EXPECT_THAT(lens.shift, ElementsAre(2, 1)) << "β is 0.25·8 = 2 and 0.75·4 = 3";
}

TEST(LensOf, TakesAnyNumberOfMasks) {
  const LensNumbers lens = lens_of({.code = {0, 0.5, 0.5},
                                    .weights = {{100}, {2}, {4}},
                                    .biases = {{100}, {1}, {2}},
                                    .mean = {0},
                                    .variance = {1},
                                    .eps = 0});
  EXPECT_THAT(lens.scale, ElementsAre(3));
  EXPECT_THAT(lens.shift, ElementsAre(1.5));
}

TEST(LensOf, AddsEpsUnderTheRoot) {
  const LensNumbers lens = lens_of(
      {.code = {1}, .weights = {{3}}, .biases = {{0}}, .mean = {1}, .variance = {0}, .eps = 0.25});
  EXPECT_THAT(lens.scale, ElementsAre(6)) << "3/√(0 + 0.25)";
  EXPECT_THAT(lens.shift, ElementsAre(-6));
}

TEST(MaskGradient, OfXAgreesWithDifferences) {
  const MaskGradient d = mask_gradient(x, dz, gamma_of_all, beta_of_all);
  ASSERT_EQ(d.x.size(), x.size());
  for (std::size_t r = 0; r < x.size(); ++r) {
    List up = x, down = x;
    up[r] += h;
    down[r] -= h;
    const double difference = (loss(up, dz, gamma_of_all, beta_of_all, 1e-5) -
                               loss(down, dz, gamma_of_all, beta_of_all, 1e-5)) /
                              (2 * h);
    EXPECT_NEAR(d.x[r], difference, 1e-8)
        << "number " << r << "; do all three ways lead to it, also where the ReLU blocks it?";
  }
}

TEST(MaskGradient, OfGammaAndBetaAgreesWithDifferences) {
  const MaskGradient d = mask_gradient(x, dz, gamma_of_all, beta_of_all);
  const auto along = [&](double gamma, double beta) {
    return (loss(x, dz, gamma_of_all + gamma * h, beta_of_all + beta * h, 1e-5) -
            loss(x, dz, gamma_of_all - gamma * h, beta_of_all - beta * h, 1e-5)) /
           (2 * h);
  };
  EXPECT_NEAR(d.gamma, along(1, 0), 1e-8);
  EXPECT_NEAR(d.beta, along(0, 1), 1e-8);
}

TEST(MaskGradient, HasNoPartAlongAShiftOrAStretch) {
  const MaskGradient d = mask_gradient(x, dz, gamma_of_all, beta_of_all, 0);
  ASSERT_EQ(d.x.size(), x.size());
  double shift = 0, stretch = 0, size = 0;
  for (std::size_t r = 0; r < x.size(); ++r) {
    shift += d.x[r];
    stretch += d.x[r] * (x[r] - 5);  // 5 is the mean of x
    size += std::abs(d.x[r]);
  }
  EXPECT_GT(size, 0.1);
  EXPECT_NEAR(shift, 0, 1e-12) << "Σ dx: adding the same to all x changes nothing";
  EXPECT_NEAR(stretch, 0, 1e-12) << "Σ dx·(x − μ): stretching x around its mean changes nothing";
}

TEST(MaskGradient, IsZeroWhereAllIsBlocked) {
  const MaskGradient d = mask_gradient({1, 2, 3}, {1, 1, 1}, 0.5, -10);
  EXPECT_THAT(d.x, ElementsAre(0, 0, 0)) << "no z is positive: nothing gets back";
  EXPECT_EQ(d.gamma, 0);
  EXPECT_EQ(d.beta, 0);
}

TEST(MaskGradient, IsWhatTheFormulasGiveByHand) {
  // x̂ = −1, 1 and z = 0, 2;  g = 0, 1;  h = 0, 2;  mean(h) = 1 = mean(h·x̂);  s = 1
  const MaskGradient d = mask_gradient({-1, 1}, {1, 1}, 2, 0, 0);
  EXPECT_THAT(d.x, ElementsAre(DoubleNear(0, 1e-12), DoubleNear(0, 1e-12)))
      << "two numbers are −1 and 1 once normalized, wherever they were: no gradient";
  EXPECT_EQ(d.gamma, 1);
  EXPECT_EQ(d.beta, 1);
}

}  // namespace
}  // namespace robmask::course
