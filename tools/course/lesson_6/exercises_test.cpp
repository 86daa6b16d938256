#include "tools/course/lesson_6/exercises.h"

#include <gtest/gtest.h>

#include <cmath>

namespace robmask::course {
namespace {

using Vector = std::vector<double>;

double distance(const Vector& a, const Vector& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

TEST(PgdStepL2, GoesAlphaAlongTheSlopeWhereTheBallLetsIt) {
  const Vector x{0.5, 0.5};
  Vector y = x;
  pgd_step_l2(y, x, {30, -40}, 0.1, 1);  // the direction is (0.6, −0.8)
  EXPECT_NEAR(y[0], 0.56, 1e-12);
  EXPECT_NEAR(y[1], 0.42, 1e-12) << "a step of length α, however long the gradient is";
}

TEST(PgdStepL2, ComesBackToTheBallStraightTowardsItsCentre) {
  const Vector x{0.5, 0.5, 0.5};
  Vector y{0.5, 0.7, 0.5};                 // at the edge of a ball of 0.2
  pgd_step_l2(y, x, {1, 0, 0}, 0.2, 0.2);  // to (0.7, 0.7), 0.283 away, and back
  EXPECT_NEAR(distance(x, y), 0.2, 1e-12);
  EXPECT_NEAR(y[0], 0.5 + 0.2 / std::sqrt(2), 1e-12)
      << "the ball is round: shorten δ as a whole, do not clamp its elements";
  EXPECT_NEAR(y[1], y[0], 1e-12);
  EXPECT_EQ(y[2], 0.5);
}

TEST(PgdStepL2, LeavesAPointInsideTheBallAsLongAsItIs) {
  const Vector x{0.5, 0.5};
  Vector y{0.51, 0.5};
  pgd_step_l2(y, x, {0, 0}, 0.1, 0.2);
  EXPECT_EQ(y, (Vector{0.51, 0.5})) << "a gradient of 0 gives no step, and no NaN; and the ball is "
                                       "a limit, not a distance to be kept";
}

TEST(PgdStepL2, StaysAnImageAndTakesTheFaintestSlope) {
  const Vector x{0.9, 0.1};
  Vector y = x;
  pgd_step_l2(y, x, {1e-30, -1e-30}, 0.5, 0.5);  // to (1.25, −0.25)
  EXPECT_EQ(y, (Vector{1, 0})) << "what is attacked lies in [0,1]; a slope of 1e-30 is one";
}

/// Images of one pixel {n,1,1,2}. The class is the brighter channel, the first on a tie.
const Classifier brighter = [](const Variable& x) { return x; };

Tensor pixels(const std::vector<float>& values) {
  return make_tensor(backend("cpu"), {std::ssize(values) / 2, 1, 1, 2}, values);
}

/// Adds to the first channel and takes from the second, or the other way round for class 0.
SomeAttack push(float by) {
  return [by](const Tensor& x, const std::vector<std::int32_t>& labels) {
    std::vector<float> v = x.to_host<float>();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const float to_first = labels[i] == 1 ? by : -by;
      v[2 * i] += to_first;
      v[2 * i + 1] -= to_first;
    }
    return make_tensor(x.machine(), x.shape(), v);
  };
}

// Leads of 0.02, 0.1, 0.4, and one that is wrong from the start.
const std::vector<float> four{0.51F, 0.49F, 0.45F, 0.55F, 0.7F, 0.3F, 0.2F, 0.8F};
const std::vector<std::int32_t> labels{0, 1, 0, 0};
using Flags = std::vector<bool>;

TEST(Standing, CountsWhatIsRightAsItIsWhereNobodyAttacks) {
  EXPECT_EQ(standing(brighter, pixels(four), labels, {}, 0.1), (Flags{true, true, true, false}));
}

TEST(Standing, CountsAnImageAsBrokenByAnyAttack) {
  const std::vector<SomeAttack> attacks{push(0.02F), push(-0.09F), push(0.06F)};
  EXPECT_EQ(standing(brighter, pixels(four), labels, attacks, 0.1),
            (Flags{false, false, true, false}))
      << "the first attack breaks image 0, the third image 1, the second helps the network";
}

TEST(Standing, DoesNotBelieveAnAttackThatLeavesTheBall) {
  EXPECT_EQ(standing(brighter, pixels(four), labels, {push(0.06F)}, 0.05),
            (Flags{true, true, true, false}))
      << "0.06 away is not within 0.05";
  EXPECT_EQ(standing(brighter, pixels({0.02F, 0.01F}), {0}, {push(0.03F)}, 0.1), Flags{true})
      << "0.02 − 0.03 is below 0: no image";
}

TEST(Standing, ShowsEachAttackOnlyTheImagesThatStand) {
  std::vector<std::vector<std::int32_t>> shown;
  const SomeAttack look = [&](const Tensor& x, const std::vector<std::int32_t>& own) {
    EXPECT_EQ(x.shape().n, std::ssize(own));
    shown.push_back(own);
    return x;
  };
  standing(brighter, pixels(four), labels, {look, push(0.02F), look, push(0.3F), look}, 0.5);
  ASSERT_EQ(shown.size(), 2) << "the last one has nothing left to attack, and is not asked";
  EXPECT_EQ(shown[0], (std::vector<std::int32_t>{0, 1, 0})) << "image 3 was wrong as it is";
  EXPECT_EQ(shown[1], (std::vector<std::int32_t>{1, 0})) << "image 0 was broken by then";
}

}  // namespace
}  // namespace robmask::course
