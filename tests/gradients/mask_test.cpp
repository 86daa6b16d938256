#include "tests/support/gradient_check.h"

namespace robmask {
namespace {

constexpr Shape shape{6, 2, 3, 3};

class MaskGradient : public Gradients {
 protected:
  /// k masks and `pairs` pairs of statistics over the channels of `shape`.
  MaskState state(Index k, Index pairs = 1) {
    MaskState s;
    s.weight = variable({k, 1, 1, shape.c}, 0.5, 1.5);
    s.bias = variable({k, 1, 1, shape.c});
    s.running_mean = tensor({pairs, 1, 1, shape.c});
    s.running_variance = tensor({pairs, 1, 1, shape.c}, 0.5, 2);
    s.tracked = make_tensor(tested(), {pairs, 1, 1, 1}, std::vector<std::int64_t>(pairs));
    return s;
  }
  Tensor code(std::vector<double> u) {
    const Shape row{1, 1, 1, static_cast<Index>(u.size())};
    return make_tensor(tested(), row, u);
  }
  Segment segment(Index images, Mode mode, Tensor u, Tensor pairs = {}) {
    return {.images = images, .mode = mode, .code = u, .pair_code = pairs ? pairs : code({1})};
  }
  /// Checks the gradients of x, the masks and the residual, without ReLU and with. With it, the
  /// case is sound only if no element comes close to the kink.
  void check(const MaskState& s, const Context& context, bool residual) {
    const Variable x = variable(shape), r = residual ? variable(shape) : Variable();
    std::vector<Variable> inputs{x, s.weight, s.bias};
    if (residual) inputs.push_back(r);
    for (const bool relu : {false, true}) {
      SCOPED_TRACE(relu ? "with ReLU" : "without ReLU");
      expect_gradients(
          inputs, [&] { return weighted_sum(mask(x, s, context, {.relu = relu, .residual = r})); });
    }
    for (const double z : values_of(mask(x, s, context, {.relu = false, .residual = r}).value()))
      ASSERT_GT(std::abs(z), 1e-4) << "choose other inputs";
  }
};
ROBMASK_GRADIENTS_ON_ALL_MACHINES(MaskGradient);

TEST_P(MaskGradient, IsTrueInEveryModeWithAndWithoutResidual) {
  for (const Mode mode : {Mode::train, Mode::frozen, Mode::eval})
    for (const bool residual : {false, true}) {
      SCOPED_TRACE(fmt::format("mode {} residual {}", static_cast<int>(mode), residual));
      check(state(1), {{segment(6, mode, code({1}))}}, residual);
    }
}

TEST_P(MaskGradient, IsTrueForOneTwoAndThreeMasks) {
  for (const Mode mode : {Mode::train, Mode::eval}) {
    check(state(1), {{segment(6, mode, code({1}))}}, false);
    check(state(2), {{segment(6, mode, code({0.3, 0.7}))}}, false);
    check(state(3), {{segment(6, mode, code({0.2, 0.5, 0.3}))}}, false);
  }
}

TEST_P(MaskGradient, IsTrueForACodePerImage) {
  for (const Mode mode : {Mode::train, Mode::frozen, Mode::eval})
    check(state(2), {{segment(6, mode, tensor({6, 1, 1, 2}, 0.2, 1))}}, true);
}

TEST_P(MaskGradient, IsTrueForABlendOfStatisticsPairs) {
  check(state(2, 2), {{segment(6, Mode::eval, code({0.4, 0.6}), code({0.4, 0.6}))}}, true);
  check(state(2, 2), {{segment(6, Mode::eval, code({0.4, 0.6}), tensor({6, 1, 1, 2}, 0, 1))}},
        false);
}

TEST_P(MaskGradient, IsTrueForTwoSegmentsOfOneBatch) {
  Segment clean = segment(2, Mode::train, code({1, 0}), code({1, 0}));
  Segment adversarial = segment(4, Mode::train, tensor({4, 1, 1, 2}, 0.2, 1), code({0, 1}));
  adversarial.pair = 1;
  for (const bool residual : {false, true}) check(state(2, 2), {{clean, adversarial}}, residual);
}

TEST_P(MaskGradient, IsTrueForSegmentsOfDifferentModes) {
  Context context{{segment(2, Mode::eval, code({0.5, 0.5}), code({1, 0})),
                   segment(3, Mode::frozen, code({0.1, 0.9})),
                   segment(1, Mode::train, code({0.8, 0.2}))}};
  context.segments[2].pair = 1;  // not the statistics that the first segment reads
  check(state(2, 2), context, true);
}

TEST_P(MaskGradient, IsTrueForTheInputAlone) {
  const MaskState s = state(2);
  const Variable x = variable(shape);
  for (const Mode mode : {Mode::frozen, Mode::eval}) {
    const Context context{{segment(6, mode, code({0.3, 0.7}))}};
    expect_gradients({x}, [&] { return weighted_sum(mask(x, s, context)); });
  }
}

TEST_P(MaskGradient, IsTrueForTheScaleAlone) {
  const MaskState s = state(2);
  const Variable x = variable(shape);
  const Context context{{segment(6, Mode::eval, code({0.3, 0.7}))}};
  expect_gradients({s.weight}, [&] { return weighted_sum(mask(x, s, context)); });
  expect_gradients({s.bias}, [&] { return weighted_sum(mask(x, s, context)); });
}

TEST_P(MaskGradient, AddsUpWhereTheInputIsReadTwice) {
  const MaskState first = state(1), second = state(1);
  const Variable x = variable(shape);
  const Context context{{segment(6, Mode::train, code({1}))}};
  expect_gradients({x}, [&] {
    const Variable branch = mask(x, second, context, {.relu = false, .residual = {}});
    return weighted_sum(mask(x, first, context, {.relu = true, .residual = branch}));
  });
}

TEST_P(MaskGradient, IsTrueForARangeOfChannelsOfALargerMap) {
  const MaskState s = state(1);
  const Variable all = variable(shape.with_channels(8));
  const Context context{{segment(6, Mode::train, code({1}))}};
  expect_gradients({all}, [&] {
    return add_scaled(weighted_sum(mask(all.channels(4, 3), s, context)), weighted_sum(all), 0.5);
  });
}

TEST_P(MaskGradient, IsTrueWhereTheResidualIsTheInput) {
  const MaskState s = state(1);
  const Variable x = variable(shape);
  const Context context{{segment(6, Mode::eval, code({1}))}};
  expect_gradients(
      {x}, [&] { return weighted_sum(mask(x, s, context, {.relu = false, .residual = x})); });
}

}  // namespace
}  // namespace robmask
