// Rounding to 8 bits: on the lattice, inside the ball, as near as can be.

#include "attacks/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "engine/random.h"

namespace robmask {
namespace {

/// A clean image on the lattice and an adversarial one inside the ball and [0,1].
struct Pair {
  std::vector<double> x, x_adv;
};

Pair random_pair(Norm norm, double eps, std::uint64_t seed) {
  constexpr Index size = 300;
  Pair pair;
  double squares = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    pair.x.push_back(static_cast<double>(random_below({.seed = seed}, i, 256)) / 255);
    pair.x_adv.push_back(2 * random_uniform<double>({.seed = seed, .step = 1}, i) - 1);
    squares += pair.x_adv[i] * pair.x_adv[i];
  }
  const double scale = norm == Norm::linf ? eps : eps / std::sqrt(squares);
  for (std::size_t i = 0; i < size; ++i)
    pair.x_adv[i] = std::clamp(pair.x[i] + scale * pair.x_adv[i], 0.0, 1.0);
  return pair;
}

double distance(const Pair& pair, Norm norm) {
  double largest = 0, squares = 0;
  for (std::size_t i = 0; i < pair.x.size(); ++i) {
    const double d = std::abs(pair.x_adv[i] - pair.x[i]);
    largest = std::max(largest, d);
    squares += d * d;
  }
  return norm == Norm::linf ? largest : std::sqrt(squares);
}

TEST(Quantize, RoundedImagesAreWholeLevelsInsideTheBall) {
  for (const Norm norm : {Norm::linf, Norm::l2})
    for (const double eps : {0.3 / 255, 1.0 / 255, 8.0 / 255, 0.0314, 0.5, 1.0})
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Pair pair = random_pair(norm, eps, seed);
        round_to_bytes(pair.x_adv, pair.x, norm, eps);
        EXPECT_LE(distance(pair, norm), eps * (1 + 1e-6) + 1e-9);
        for (const double v : pair.x_adv) {
          EXPECT_EQ(v, std::round(255 * v) / 255);
          EXPECT_TRUE(v >= 0 && v <= 1);
        }
      }
}

TEST(Quantize, RoundsToTheNearestLevelWhereTheBallAllows) {
  Pair pair{{100 / 255.0, 100 / 255.0, 100 / 255.0, 0}, {}};
  pair.x_adv = {101.4 / 255, 101.6 / 255, 98.5 / 255, 1.5 / 255};
  round_to_bytes(pair.x_adv, pair.x, Norm::linf, 1.7 / 255);
  EXPECT_EQ(pair.x_adv, (std::vector<double>{101 / 255.0, 101 / 255.0, 99 / 255.0, 1 / 255.0}));
}

TEST(Quantize, KeepsNearlyAllOfAnL2Perturbation) {
  Pair pair = random_pair(Norm::l2, 0.3, 1);
  round_to_bytes(pair.x_adv, pair.x, Norm::l2, 0.3);
  EXPECT_GT(distance(pair, Norm::l2), 0.29);
}

}  // namespace
}  // namespace robmask
