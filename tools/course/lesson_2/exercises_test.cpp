#include "tools/course/lesson_2/exercises.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ops.h"
#include "engine/tape.h"

namespace robmask::course {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

Variable numbers(const std::vector<double>& values) {
  const Shape shape{.c = static_cast<Index>(values.size())};
  return Variable(make_tensor(backend("cpu"), shape, values));
}

TEST(HalfSquaredDistance, IsHalfTheSumOfSquares) {
  const Variable y = half_squared_distance(numbers({1, 2, 5}), numbers({4, 2, 3}));
  EXPECT_EQ(y.shape(), Shape{}) << "a scalar has the shape {1,1,1,1}";
  EXPECT_EQ(y.value().item(), 6.5) << "½ · ((1 − 4)² + 0 + (5 − 3)²)";
}

TEST(HalfSquaredDistance, HasTheDifferenceAsGradient) {
  const Variable a = numbers({1, 2, 5}), b = numbers({4, 2, 3});
  Tape tape({a, b});
  tape.backward(half_squared_distance(a, b));
  EXPECT_THAT(a.gradient().to_doubles(), ElementsAre(-3, 0, 2));
  EXPECT_THAT(b.gradient().to_doubles(), ElementsAre(3, 0, -2));
}

TEST(HalfSquaredDistance, MultipliesByTheGradientOfItsOutput) {
  const Variable a = numbers({1}), b = numbers({4});
  Tape tape({a, b});
  tape.backward(sum(half_squared_distance(a, b), 10));
  EXPECT_THAT(a.gradient().to_doubles(), ElementsAre(-30)) << "the loss is 10·y, so dy = 10";
  EXPECT_THAT(b.gradient().to_doubles(), ElementsAre(30));
}

TEST(HalfSquaredDistance, ComputesOnlyTheGradientThatIsWanted) {
  const Variable a = numbers({1}), b = numbers({4});
  Tape tape({b});
  tape.backward(half_squared_distance(a, b));
  EXPECT_FALSE(a.gradient()) << "the tape listens for b only";
  EXPECT_THAT(b.gradient().to_doubles(), ElementsAre(3));
}

TEST(HalfSquaredDistance, AddsToWhatOtherOpsWrote) {
  const Variable a = numbers({1, 2}), b = numbers({4, 2});
  Tape tape({a, b});
  const Variable distance = half_squared_distance(a, b);
  const Variable later = sum(add(a, b), 100);  // runs backward first
  tape.backward(add(distance, later));
  EXPECT_THAT(a.gradient().to_doubles(), ElementsAre(97, 100))
      << "100·Σ (a + b) has written 100 before; what sink() returns says whether to add";
  EXPECT_THAT(b.gradient().to_doubles(), ElementsAre(103, 100));
}

TEST(HalfSquaredDistance, LeavesItsInputsAlone) {
  const Variable a = numbers({1}), b = numbers({4});
  half_squared_distance(a, b);
  EXPECT_EQ(a.value().item(), 1);
  EXPECT_EQ(b.value().item(), 4);
}

TEST(CentralDifferences, AreExactForASquareUpToRounding) {
  const Variable x = numbers({1, -2, 0.5});
  const auto square = [&] { return sum(multiply(x, x)); };
  EXPECT_THAT(central_differences(x, square, 0.25),
              ElementsAre(DoubleNear(2, 1e-12), DoubleNear(-4, 1e-12), DoubleNear(1, 1e-12)))
      << "(x + h)² − (x − h)² is 4xh; from one side the error would be h";
}

TEST(CentralDifferences, AreWrongByTheSquareOfHForACube) {
  const Variable x = numbers({1, 2});
  const auto cube = [&] { return sum(multiply(multiply(x, x), x)); };
  EXPECT_THAT(central_differences(x, cube, 0.5),
              ElementsAre(DoubleNear(3.25, 1e-12), DoubleNear(12.25, 1e-12)))
      << "3x² + h² with h = 0.5";
}

TEST(CentralDifferences, MoveOneElementAtATime) {
  const Variable x = numbers({3, 5});
  const auto product = [&] {
    const Variable first = x.channels(0, 1), second = x.channels(1, 1);
    return sum(multiply(first, second));
  };
  EXPECT_THAT(central_differences(x, product, 1), ElementsAre(5, 3))
      << "when the second is moved the first must be back in its place";
}

TEST(CentralDifferences, LeaveTheSameBitsBehind) {
  const Variable x = numbers({0.1, 0.7});
  central_differences(
      x, [&] { return sum(x); }, 1e-5 / 3);  // 0.1 + h − h is not 0.1
  EXPECT_THAT(x.value().to_doubles(), ElementsAre(0.1, 0.7))
      << "adding h and subtracting it again is not the same as keeping the old number";
}

TEST(CentralDifferences, CallTheFunctionTwiceForEachElement) {
  const Variable x = numbers({1, 2, 3});
  int calls = 0;
  central_differences(
      x,
      [&] {
        ++calls;
        return sum(x);
      },
      1e-3);
  EXPECT_EQ(calls, 6);
}

}  // namespace
}  // namespace robmask::course
