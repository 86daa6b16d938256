// The losses of attacks, where the golden traces do not reach: many classes.

#include "attacks/losses.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/random.h"

namespace robmask {
namespace {

std::vector<double> some_logits(Index classes) {
  std::vector<double> z;
  for (Index c = 0; c < classes; ++c)
    z.push_back(3 * random_normal({.seed = 8}, static_cast<std::uint32_t>(c)));
  return z;
}

TEST(Losses, DlrOfAThousandClassesIsItsFormulaWithItsGradient) {
  const Index classes = 1000, label = 17, target = 500;
  std::vector<double> z = some_logits(classes), sorted = z;
  std::ranges::sort(sorted, std::greater{});
  const auto expected = [&](bool targeted) {
    const double scale = targeted ? sorted[0] - (sorted[2] + sorted[3]) / 2 : sorted[0] - sorted[2];
    return ((targeted ? z[target] : sorted[0]) - z[label]) / scale;
  };
  for (const auto& [loss, targeted] : {std::pair{LogitLoss(dlr), false}, {targeted_dlr, true}}) {
    std::vector<double> gradient(classes), unused(classes);
    EXPECT_NEAR(loss(z, label, target, gradient), expected(targeted), 1e-8);
    constexpr double h = 1e-6;
    for (Index c = 0; c < classes; ++c) {
      const double there = z[c];
      z[c] = there + h;
      const double above = loss(z, label, target, unused);
      z[c] = there - h;
      const double below = loss(z, label, target, unused);
      z[c] = there;
      EXPECT_NEAR(gradient[c], (above - below) / (2 * h), 1e-5) << c;
    }
  }
}

TEST(Losses, RunnersUpAreTheLikeliestOtherClasses) {
  const std::vector<double> z{1, 5, 3, 4, 2};
  using List = std::vector<std::int32_t>;
  EXPECT_EQ(runners_up(z, 1, 2), (List{3, 2}));
  EXPECT_EQ(runners_up(z, 1, 9), (List{3, 2, 4, 0}));
  EXPECT_EQ(runners_up(z, 2, 2), (List{1, 3}));  // a source may be wrong about the image
  EXPECT_EQ(runners_up(z, 0, 9), (List{1, 3, 2, 4}));
}

}  // namespace
}  // namespace robmask
