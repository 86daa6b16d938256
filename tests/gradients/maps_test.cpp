// Ops on maps that are neither layers nor losses.

#include <cmath>

#include "tests/support/activations.h"
#include "tests/support/gradient_check.h"

namespace robmask {
namespace {

class MapOpGradient : public Gradients {};
ROBMASK_GRADIENTS_ON_ALL_MACHINES(MapOpGradient);

constexpr Shape some_maps{2, 4, 3, 3};

TEST_P(MapOpGradient, OfEveryActivationIsTrueBesidesItsKinks) {
  for (const TriedActivation& a : all_activations()) {
    SCOPED_TRACE(a.name);
    const Variable x = variable(some_maps, a.low, a.high);
    std::vector<double> values = x.value().to_host<double>();
    for (double& value : values)
      for (const double kink : a.kinks)
        if (std::abs(value - kink) < 0.01) value += 0.1;
    x.value().from_host(values);
    expect_gradients({x}, [&] { return weighted_sum(activate(x, a.f)); });
  }
}

TEST_P(MapOpGradient, OfMultiplyIsTrueForBothFactors) {
  const Variable a = variable(some_maps), b = variable(some_maps);
  expect_gradients({a, b}, [&] { return weighted_sum(multiply(a, b)); });
  expect_gradients({b}, [&] { return weighted_sum(multiply(a, b)); });
  expect_gradients({a}, [&] { return weighted_sum(multiply(a, a)); });
}

TEST_P(MapOpGradient, OfExpandAndOfSumToIsTrue) {
  for (const Shape& small : {Shape{2, 1, 1, 3}, Shape{1, 1, 1, 3}, Shape{2, 4, 3, 1},
                             Shape{1, 4, 1, 3}, Shape{}, some_maps}) {
    SCOPED_TRACE(to_string(small));
    const Variable x = variable(small), y = variable(some_maps);
    expect_gradients({x}, [&] { return weighted_sum(expand(x, some_maps)); });
    expect_gradients({y}, [&] { return weighted_sum(sum_to(y, small, -0.3)); });
  }
}

TEST_P(MapOpGradient, OfAGateOfChannelsIsTrue) {  // squeeze and excitation
  const Variable x = variable(some_maps);
  expect_gradients({x}, [&] {
    const Variable mean = sum_to(x, {2, 1, 1, 3}, 1.0 / 12);
    return weighted_sum(
        multiply(x, expand(activate(mean, {Activation::Kind::sigmoid}), some_maps)));
  });
}

TEST_P(MapOpGradient, OfPlaceIsTrueWhereItPadsAndCrops) {
  const Variable x = variable(some_maps);
  expect_gradients({x}, [&] { return weighted_sum(place(x, 6, 5, 1, 2, 0.5)); });
  expect_gradients({x}, [&] { return weighted_sum(place(x, 2, 2, -1, -1)); });
  expect_gradients({x}, [&] { return weighted_sum(place(x, 3, 5, -1, 1, -3)); });
}

TEST_P(MapOpGradient, OfTransposeAndReshapeIsTrue) {
  const Variable x = variable(some_maps);
  expect_gradients({x}, [&] { return weighted_sum(transpose(x, {2, 3, 1, 12})); });
  expect_gradients({x}, [&] { return weighted_sum(reshape(x, {2, 1, 9, 4})); });
  // of a view, and where it is one of two readers
  const Variable part = x.channels(1, 2);
  expect_gradients({x}, [&] { return weighted_sum(reshape(part, {2, 1, 1, 24})); });
  expect_gradients({x}, [&] {
    const Variable again = reshape(reshape(x, {2, 1, 1, 36}), some_maps);
    return weighted_sum(multiply(add(again, x), x));
  });
}

TEST_P(MapOpGradient, OfConcatenateIsTrueForEachPart) {
  const Variable a = variable({2, 2, 3, 1}), b = variable({2, 2, 3, 4}), c = variable({2, 2, 3, 2});
  const auto loss = [&] { return weighted_sum(concatenate({a, b, c, a})); };
  expect_gradients({a, b, c}, loss);
  expect_gradients({b}, loss);
  expect_gradients({a}, loss);
}

TEST_P(MapOpGradient, OfSoftmaxIsTrue) {
  const Variable x = variable(some_maps, -2, 2);
  expect_gradients({x}, [&] { return weighted_sum(softmax(x)); });
}

TEST_P(MapOpGradient, OpsRefuseShapesThatDoNotFit) {
  const Variable x = variable(some_maps);
  EXPECT_THROW(multiply(x, variable({2, 4, 3, 1})), std::logic_error);
  EXPECT_THROW(expand(x, {2, 4, 6, 3}), std::logic_error);
  EXPECT_THROW(sum_to(x, {2, 2, 3, 3}), std::logic_error);
  EXPECT_THROW(transpose(x, {2, 4, 3, 3}), std::logic_error);
  EXPECT_THROW(reshape(x, {1, 4, 6, 3}), std::logic_error);
  EXPECT_THROW(concatenate({x, variable({2, 3, 3, 3})}), std::logic_error);
  EXPECT_THROW(concatenate({}), std::logic_error);
}

}  // namespace
}  // namespace robmask
