// The ops but for convolution and mask.

#include "tests/support/gradient_check.h"

namespace robmask {
namespace {

class OpGradient : public Gradients {};
ROBMASK_GRADIENTS_ON_ALL_MACHINES(OpGradient);

constexpr Shape maps{2, 4, 4, 3};

TEST_P(OpGradient, OfAffineIsTrue) {
  const Variable x = variable(maps);
  const Tensor scale = tensor({1, 1, 1, 3}), shift = tensor({1, 1, 1, 3});
  expect_gradients({x}, [&] { return weighted_sum(affine(x, scale, shift, DType::f64)); });
}

TEST_P(OpGradient, OfReluIsTrue) {
  const Variable x = away_from_zero(maps);
  expect_gradients({x}, [&] { return weighted_sum(relu(x)); });
}

TEST_P(OpGradient, OfAddIsTrueForBothSummands) {
  const Variable a = variable(maps), b = variable(maps);
  expect_gradients({a, b}, [&] { return weighted_sum(add(a, b)); });
  expect_gradients({a}, [&] { return weighted_sum(add(a, a)); });
}

TEST_P(OpGradient, OfAddScaledIsTrueForBothSummands) {
  const Variable a = variable(maps), b = variable(maps);
  expect_gradients({a, b}, [&] { return weighted_sum(add_scaled(a, b, -2.5)); });
  expect_gradients({a}, [&] { return weighted_sum(add_scaled(a, a, 0.5)); });
}

TEST_P(OpGradient, OfAveragePoolIsTrue) {
  const Variable x = variable(maps);
  for (const Index k : {2, 4})
    expect_gradients({x}, [&] { return weighted_sum(average_pool(x, {k, k, 0, 1})); });
}

TEST_P(OpGradient, OfAveragePoolFlowsThroughAConcatenation) {
  const Variable x = variable(maps), w = variable({1, 1, 3, 2}), head = variable({1, 1, 5, 2});
  expect_gradients({x, w, head}, [&] {
    const Variable all(Tensor(tested(), {2, 2, 2, 5}, DType::f64));
    const Window halve{2, 2, 0, 1};
    average_pool(x, halve, all.channels(2, 3));
    conv2d(all.channels(2, 3), w, {}, all.channels(0, 2));
    return weighted_sum(conv2d(all, head, {}));
  });
}

TEST(Pools, RefuseAWindowLargerThanTheMap) {
  const auto map = [](Index h, Index w) {
    return Variable(Tensor(backend("cpu"), {1, h, w, 1}, DType::f32));
  };
  for (const auto& [h, w] : {std::pair{2, 4}, {4, 2}}) {
    EXPECT_THROW(average_pool(map(h, w), {4, 4}), std::logic_error);
    EXPECT_THROW(max_pool(map(h, w), {3, 2}), std::logic_error);
    EXPECT_NO_THROW(max_pool(map(h, w), {3, 2, 1}));
  }
}

TEST_P(OpGradient, OfMaxPoolIsTrueWhereNoTwoPixelsTie) {
  // A shuffled ramp: neighbours differ by far more than the step of the differences.
  std::vector<double> values(2 * 7 * 6 * 2);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 0.01 * static_cast<double>(i * 61 % values.size());
  const Variable x(make_tensor(tested(), {2, 7, 6, 2}, values));
  for (const Window window : {Window{3, 2, 1, 1}, Window{2, 2, 0, 1}, Window{3, 1, 1, 1}})
    expect_gradients({x}, [&] { return weighted_sum(max_pool(x, window)); });
}

TEST_P(OpGradient, OfCrossEntropyIsTrue) {
  const Variable logits = variable({4, 1, 1, 5}, -2, 2);
  const Tensor labels = make_tensor(tested(), {4, 1, 1, 1}, std::vector<std::int32_t>{0, 4, 2, 2});
  expect_gradients({logits}, [&] { return weighted_sum(cross_entropy(logits, labels)); });
}

TEST_P(OpGradient, OfKlIsTrueForBothSides) {
  const Variable p = variable({4, 1, 1, 5}, -2, 2), q = variable({4, 1, 1, 5}, -2, 2);
  expect_gradients({p, q}, [&] { return weighted_sum(kl(p, q)); });
  expect_gradients({p}, [&] { return weighted_sum(kl(p, q)); });
  expect_gradients({q}, [&] { return weighted_sum(kl(p, q)); });
}

TEST_P(OpGradient, OfKlIsTrueWhereBothSidesAreHalvesOfOneBatch) {
  const Variable logits = variable({6, 1, 1, 5}, -2, 2);
  expect_gradients({logits}, [&] { return sum(kl(logits.images(0, 3), logits.images(3, 3))); });
}

TEST_P(OpGradient, OfSumAndMeanIsTrue) {
  const Variable x = variable(maps);
  expect_gradients({x}, [&] { return sum(x, -0.7); });
  expect_gradients({x}, [&] { return mean(x); });
}

TEST_P(OpGradient, OfAWeightedLossOverHalvesOfABatchIsTrue) {
  const Variable x = variable({4, 1, 1, 3}), w = variable({1, 1, 3, 2}), b = variable({1, 1, 1, 2});
  const Tensor labels = make_tensor(tested(), {4, 1, 1, 1}, std::vector<std::int32_t>{0, 1, 1, 0});
  expect_gradients({x, w, b}, [&] {
    const Variable losses = cross_entropy(linear(x, w, b), labels);
    return add_scaled(mean(losses.images(0, 2)), mean(losses.images(2, 2)), 3);
  });
}

}  // namespace
}  // namespace robmask
