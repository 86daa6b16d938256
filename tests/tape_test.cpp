#include "engine/tape.h"

#include <gtest/gtest.h>

#include "engine/ops.h"
#include "tests/reference_backend.h"
#include "tests/support/gradient_check.h"

namespace robmask {
namespace {

/// The reference, which counts the gradients it is asked for.
class CountingBackend : public ReferenceBackend {
 public:
  int input_gradients = 0, weight_gradients = 0, bias_gradients = 0, relu_gradients = 0;

  void conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                             Tensor gate) override {
    ++input_gradients;
    ReferenceBackend::conv2d_input_gradient(dx, dy, w, window, gate);
  }
  void conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) override {
    ++weight_gradients;
    ReferenceBackend::conv2d_weight_gradient(dw, dy, x, window);
  }
  void bias_gradient(Sink db, Tensor dy) override {
    ++bias_gradients;
    ReferenceBackend::bias_gradient(db, dy);
  }
  void relu_gradient(Sink dx, Tensor dy, Tensor y) override {
    ++relu_gradients;
    ReferenceBackend::relu_gradient(dx, dy, y);
  }
};

class TapeTest : public testing::Test {
 protected:
  CountingBackend machine;
  const Variable x = random_variable(machine, {2, 4, 4, 3}, 1);
  const Variable w1 = random_variable(machine, {3, 3, 3, 4}, 2);
  const Variable w2 = random_variable(machine, {3, 3, 4, 2}, 3);
  const Variable unused = random_variable(machine, {1, 1, 1, 7}, 4);

  Variable loss() const {
    const Window window{3, 1, 1, 1};
    return sum(conv2d(relu(conv2d(x, w1, window)), w2, window));
  }
  std::vector<double> gradient_of(const Variable& target) const {
    Tape tape({target});
    tape.backward(loss());
    return values_of(target.gradient());
  }
};

TEST_F(TapeTest, OfAnInputComputesNoWeightGradient) {
  gradient_of(x);
  EXPECT_EQ(machine.weight_gradients, 0);
  EXPECT_EQ(machine.input_gradients, 2);
  EXPECT_FALSE(w1.gradient());
  EXPECT_FALSE(w2.gradient());
}

TEST_F(TapeTest, OfTheLastWeightComputesNothingBelowIt) {
  gradient_of(w2);
  EXPECT_EQ(machine.weight_gradients, 1);
  EXPECT_EQ(machine.input_gradients, 0);
  EXPECT_EQ(machine.relu_gradients, 0);
}

TEST_F(TapeTest, OfTheFirstWeightPassesThroughTheSecondWithoutItsGradient) {
  gradient_of(w1);
  EXPECT_EQ(machine.weight_gradients, 1);
  EXPECT_EQ(machine.input_gradients, 1);
}

TEST_F(TapeTest, GivesAnInputTheSameGradientWhateverElseItListensFor) {
  const auto alone = gradient_of(x);
  Tape tape({x, w1, w2});
  tape.backward(loss());
  EXPECT_EQ(values_of(x.gradient()), alone);
}

TEST_F(TapeTest, HearsOnlyWhatDependsOnItsTargets) {
  Tape tape({w2});
  const Window window{3, 1, 1, 1};
  const Variable hidden = conv2d(x, w1, window);
  EXPECT_EQ(tape.wanted(hidden), nullptr);
  EXPECT_NE(tape.wanted(conv2d(hidden, w2, window)), nullptr);
  EXPECT_EQ(Tape::hearing({x, w1, Variable()}), nullptr);
  EXPECT_EQ(Tape::hearing({x, w2}), &tape);
}

TEST_F(TapeTest, WithNoneOpenNothingIsRecordedAndNoActivationIsKept) {
  const std::size_t before = machine.pool()->used();
  {
    const Variable result = loss();
    EXPECT_EQ(machine.pool()->used(), before + 64) << "the scalar loss is all that is left";
    EXPECT_EQ(Tape::hearing({x, w1, w2, result}), nullptr);
  }
  EXPECT_EQ(machine.pool()->used(), before);
}

TEST_F(TapeTest, InsideAnotherLeavesTheOuterOneUnaffected) {
  const auto expected_w1 = gradient_of(w1), expected_x = gradient_of(x);
  Tape outer({w1, w2});
  const Window window{3, 1, 1, 1};
  const Variable hidden = conv2d(x, w1, window);
  {
    Tape inner({x});  // an attack in the middle of a training pass
    EXPECT_EQ(Tape::hearing({w1}), nullptr)
        << "the inner tape does not know the outer one's targets";
    inner.backward(loss());
    EXPECT_EQ(values_of(x.gradient()), expected_x);
  }
  EXPECT_EQ(Tape::hearing({w1}), &outer);
  EXPECT_EQ(outer.wanted(x), nullptr);
  machine.input_gradients = machine.weight_gradients = 0;
  outer.backward(sum(conv2d(relu(hidden), w2, window)));
  EXPECT_EQ(values_of(w1.gradient()), expected_w1);
  EXPECT_EQ(values_of(x.gradient()), expected_x) << "the outer tape does not touch x";
  EXPECT_EQ(machine.weight_gradients, 2);
  EXPECT_EQ(machine.input_gradients, 1);
}

TEST_F(TapeTest, TellsOfEachGradientOnceWhenItIsComplete) {
  const auto expected = gradient_of(w1);
  std::vector<const GradientSlot*> told;
  Tape tape({x, w1, w2, unused});
  tape.backward(loss(), [&](const GradientSlot& target) {
    told.push_back(&target);
    if (&target == w1.slot().get()) {
      EXPECT_EQ(values_of(w1.gradient()), expected);
    }
  });
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told.front(), w2.slot().get()) << "the last one that the loss was made with";
  EXPECT_EQ(told.back(), unused.slot().get()) << "which is known to be zero at the end";
}

TEST_F(TapeTest, TellsOfAGradientOnlyAfterItsLastReader) {
  int told = 0;
  Tape tape({x});
  const Variable late = sum(x, 3);
  sum(x, 5);  // recorded, but no part of the loss: it never writes
  tape.backward(add_scaled(sum(x, 2), late, 1), [&](const GradientSlot&) {
    ++told;
    EXPECT_EQ(values_of(x.gradient()), std::vector<double>(x.shape().count(), 5.0));
  });
  EXPECT_EQ(told, 1);
}

TEST_F(TapeTest, AddsUpOverTheReadersOfAVariable) {
  Tape tape({x});
  tape.backward(add_scaled(sum(x, 2), add_scaled(sum(x, 3), sum(x, 1), 1), 1));
  EXPECT_EQ(values_of(x.gradient()), std::vector<double>(x.shape().count(), 6.0));
}

TEST_F(TapeTest, ReplacesTheGradientOfAnEarlierTape) {
  for (const double factor : {5.0, 2.0, -1.0}) {
    Tape tape({x});
    tape.backward(sum(x, factor));
    EXPECT_EQ(values_of(x.gradient()), std::vector<double>(x.shape().count(), factor));
  }
}

TEST_F(TapeTest, AddsToTheGradientOfAnEarlierTapeIfItIsToldTo) {
  double total = 0;
  for (const double factor : {5.0, 2.0, -1.0}) {
    Tape tape(std::vector{x, unused}, total != 0);
    tape.backward(sum(x, factor));
    total += factor;
    EXPECT_EQ(values_of(x.gradient()), std::vector<double>(x.shape().count(), total));
    EXPECT_EQ(values_of(unused.gradient()), std::vector<double>(7, 0.0));
  }
}

TEST_F(TapeTest, GivesZerosToATargetThatTheLossDoesNotDependOn) {
  {
    Tape tape({unused});
    tape.backward(sum(unused));
  }
  Tape tape({x, unused});
  tape.backward(loss());
  EXPECT_EQ(values_of(unused.gradient()), std::vector<double>(7, 0.0));
}

TEST_F(TapeTest, FreesActivationsAndGradientsAsItConsumesThem) {
  const std::size_t map = 2 * 16 * 16 * 3 * sizeof(double);
  const Variable image = random_variable(machine, {2, 16, 16, 3}, 5);
  const Variable w = random_variable(machine, {3, 3, 3, 3}, 6);
  const std::size_t before = machine.pool()->used();
  constexpr int depth = 12;
  Tape tape({image});
  Variable y = image;
  for (int i = 0; i < depth; ++i) y = relu(conv2d(y, w, {3, 1, 1, 1}));
  const Variable result = sum(y);
  y = {};
  const std::size_t forward = machine.pool()->used();
  EXPECT_LT(forward, before + (depth + 1) * map)
      << "a ReLU keeps its output, a convolution nothing";
  tape.backward(result);
  EXPECT_LE(machine.peak_used(), forward + 3 * map) << "two gradients at a time";
  EXPECT_LE(machine.pool()->used(), before + map + 3 * 64)
      << "the image's gradient is what is left";
}

TEST_F(TapeTest, ReleasesEverythingWhenItIsDroppedWithoutBackward) {
  const std::size_t before = machine.pool()->used();
  {
    Tape tape({x, w1, w2});
    loss();
    EXPECT_GT(machine.pool()->used(), before);
  }
  EXPECT_EQ(machine.pool()->used(), before);
}

TEST_F(TapeTest, GivesViewsAPartOfOneGradient) {
  Tape tape({x});
  tape.backward(add_scaled(sum(x.images(1, 1).channels(1, 2), 2), sum(x.channels(2, 1), 3), 1));
  const Tensor g = x.gradient();
  EXPECT_EQ(values_of(g.channels(0, 1)), std::vector<double>(32, 0.0));
  EXPECT_EQ(values_of(g.images(0, 1).channels(1, 1)), std::vector<double>(16, 0.0));
  EXPECT_EQ(values_of(g.images(1, 1).channels(1, 1)), std::vector<double>(16, 2.0));
  EXPECT_EQ(values_of(g.images(0, 1).channels(2, 1)), std::vector<double>(16, 3.0));
  EXPECT_EQ(values_of(g.images(1, 1).channels(2, 1)), std::vector<double>(16, 5.0));
  const Variable part = x.images(1, 1).channels(1, 2);
  EXPECT_EQ(part.gradient().bytes(), g.images(1, 1).channels(1, 2).bytes());
}

TEST_F(TapeTest, ListensForTheWholeVariableIfAViewIsItsTarget) {
  const Variable part = x.channels(0, 2);
  Tape tape({part});
  EXPECT_NE(tape.wanted(x), nullptr);
  tape.backward(sum(x, 4));
  EXPECT_EQ(values_of(part.gradient()), std::vector<double>(part.shape().count(), 4.0));
}

TEST_F(TapeTest, TakesTheSumOfALossThatIsNoScalar) {
  Tape tape({x});
  tape.backward(relu(x));
  const auto values = values_of(x.value()), gradient = values_of(x.gradient());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(gradient[i], values[i] > 0 ? 1 : 0);
}

TEST_F(TapeTest, RefusesALossThatItDoesNotHear) {
  Tape tape({x});
  EXPECT_THROW(tape.backward(sum(w1)), std::logic_error);
}

TEST_F(TapeTest, RunsBackwardOnce) {
  Tape tape({x});
  const Variable result = loss();
  tape.backward(result);
  EXPECT_THROW(tape.backward(result), std::logic_error);
}

}  // namespace
}  // namespace robmask
