#include "tests/support/gradient_check.h"

namespace robmask {
namespace {

class Conv2dGradient : public Gradients {};
ROBMASK_GRADIENTS_ON_ALL_MACHINES(Conv2dGradient);

TEST_P(Conv2dGradient, IsTrueForInputAndWeights) {
  struct Case {
    Shape x, w;
    Window window;
  };
  const Case cases[] = {
      {{2, 5, 4, 3}, {3, 3, 3, 4}, {3, 1, 1, 1}}, {{2, 5, 6, 3}, {3, 3, 3, 2}, {3, 2, 1, 1}},
      {{2, 3, 3, 4}, {1, 1, 4, 5}, {1, 1, 0, 1}}, {{2, 5, 4, 4}, {1, 1, 4, 3}, {1, 2, 0, 1}},
      {{1, 8, 7, 2}, {7, 7, 2, 3}, {7, 2, 3, 1}}, {{2, 4, 4, 6}, {3, 3, 2, 6}, {3, 1, 1, 3}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(
        fmt::format("x {} w {} stride {}", to_string(c.x), to_string(c.w), c.window.stride));
    const Variable x = variable(c.x), w = variable(c.w);
    expect_gradients({x, w}, [&] { return weighted_sum(conv2d(x, w, c.window)); });
  }
}

TEST_P(Conv2dGradient, AddsUpWhereAMapIsReadTwice) {
  const Variable x = variable({2, 4, 4, 3}), w = variable({3, 3, 3, 3});
  const Window window{3, 1, 1, 1};
  expect_gradients({x, w}, [&] { return weighted_sum(conv2d(conv2d(x, w, window), w, window)); });
}

TEST_P(Conv2dGradient, OfLinearIsTrueForInputWeightsAndBias) {
  const Variable x = variable({5, 1, 1, 7}), w = variable({1, 1, 7, 4}), b = variable({1, 1, 1, 4});
  expect_gradients({x, w, b}, [&] { return weighted_sum(linear(x, w, b)); });
}

TEST_P(Conv2dGradient, FlowsThroughAConcatenationWithSeveralReaders) {
  // A dense block: [ third | second | first ], where each layer reads all that came before it.
  const Shape buffer{2, 3, 3, 7};
  const Window window{3, 1, 1, 1}, pixel{1, 1, 0, 1};
  const Variable x = variable({2, 3, 3, 2}), w1 = variable({3, 3, 2, 3});
  const Variable w2 = variable({3, 3, 3, 2}), w3 = variable({3, 3, 5, 2}),
                 head = variable({1, 1, 7, 2});
  expect_gradients({x, w1, w2, w3, head}, [&] {
    const Variable all(Tensor(tested(), buffer, DType::f64));
    conv2d(x, w1, window, all.channels(4, 3));
    conv2d(all.channels(4, 3), w2, window, all.channels(2, 2));
    conv2d(all.channels(2, 5), w3, window, all.channels(0, 2));
    return weighted_sum(conv2d(all, head, pixel));
  });
}

TEST_P(Conv2dGradient, FlowsThroughAPartOfAConcatenationThatOthersIgnore) {
  const Variable x = variable({2, 3, 3, 2}), w1 = variable({1, 1, 2, 3}),
                 w2 = variable({1, 1, 2, 2});
  expect_gradients({x, w1, w2}, [&] {
    const Variable all(Tensor(tested(), {2, 3, 3, 5}, DType::f64));
    tested().fill(all.value(), 0);
    conv2d(x, w1, {}, all.channels(0, 3));
    return weighted_sum(conv2d(all.channels(1, 2), w2, {}));
  });
}

}  // namespace
}  // namespace robmask
