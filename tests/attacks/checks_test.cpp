// Classifiers made to blind an attack are doubted, a sound one is not.

#include "attacks/checks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/random.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

/// Linear classifiers of 8×8 images in three classes, and 24 images that they classify correctly
/// because their labels are its answers.
class Checks : public testing::Test {
 protected:
  static constexpr Index images = 24, side = 8, classes = 3;

  std::vector<double> numbers(Index count, std::uint32_t key, double center, double scale) const {
    std::vector<double> values;
    for (Index i = 0; i < count; ++i)
      values.push_back(center + scale * (2 * random_uniform<double>({.branch = key}, i) - 1));
    return values;
  }

  /// factor · x·w + b, with the images as rows.
  Classifier linear_model(double factor, const std::vector<double>& bias = {0, 0, 0}) const {
    const Variable w(make_tensor(cpu_, {side, side, 3, classes}, DType::f32,
                                 numbers(side * side * 3 * classes, 1, 0, 0.3 * factor)));
    const Variable zero(
        make_tensor(cpu_, {1, 1, classes, classes}, DType::f32, {1, 0, 0, 0, 1, 0, 0, 0, 1}));
    const Variable b(make_tensor(cpu_, {1, 1, 1, classes}, DType::f32, bias));
    return [=](const Variable& x) { return linear(conv2d(x, w, {.kernel = side}), zero, b); };
  }

  /// A sound model behind pixels quantized to ten levels: the stair Σ_t relu(s(x − t)) − relu(s(x −
  /// t) − 1) over t = 0.1, 0.2 … 0.9, whose steps are 1/s wide. A power of two cancels exactly
  /// elsewhere.
  Classifier quantized(double steepness) const {
    const auto ramp = [=, this](const Variable& x, double shift) {
      const std::vector<double> scales(3, steepness), shifts(3, shift);
      return relu(affine(x, make_tensor(cpu_, {1, 1, 1, 3}, DType::f32, scales),
                         make_tensor(cpu_, {1, 1, 1, 3}, DType::f32, shifts), DType::f32));
    };
    return [=, sound = linear_model(0.1)](const Variable& x) {
      Variable sum = ramp(x, -0.1 * steepness);
      for (int t = 1; t < 10; ++t) {
        if (t > 1) sum = add(sum, ramp(x, -0.1 * t * steepness));
        sum = add_scaled(sum, ramp(x, -0.1 * t * steepness - 1), -1);
      }
      return sound(sum);
    };
  }

  /// The probe whose labels are what `model` says.
  Probe probe_of(const Classifier& model, double eps = 8.0 / 255) const {
    const Tensor x = make_tensor(cpu_, {images, side, side, 3}, DType::f32,
                                 numbers(images * side * side * 3, 2, 0.5, 0.5));
    const std::vector<double> logits = model(Variable(x)).value().to_doubles();
    std::vector<std::int32_t> labels;
    for (Index n = 0; n < images; ++n) {
      const auto row = logits.begin() + n * classes;
      labels.push_back(static_cast<std::int32_t>(std::max_element(row, row + classes) - row));
    }
    return {x, make_tensor(cpu_, {images, 1, 1, 1}, labels), Norm::linf, eps};
  }

  static std::vector<std::string> names(const std::vector<Doubt>& doubts) {
    std::vector<std::string> list;
    for (const Doubt& d : doubts) list.push_back(d.check);
    return list;
  }

  Backend& cpu_ = backend("cpu");
};

using List = std::vector<std::string>;

TEST_F(Checks, RaiseNoDoubtAboutASoundModel) {
  const Classifier sound = linear_model(1);
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    Probe probe = probe_of(sound);
    probe.norm = norm;
    EXPECT_EQ(names(doubts_about(sound, probe)), List{});
  }
}

TEST_F(Checks, FindLogitsSoLargeThatCrossEntropyIsFlat) {
  const Classifier masked = linear_model(1e4);
  const auto found = names(doubts_about(masked, probe_of(masked)));
  EXPECT_EQ(found, List{"zero-gradients"});  // at eps 1 the margin finds the way
}

TEST_F(Checks, FindALayerThatLetsNoGradientThrough) {
  const Classifier sound = linear_model(1);
  const Classifier dead = [&](const Variable& x) {
    const Tensor scale = make_tensor(cpu_, {1, 1, 1, 3}, DType::f32, {1, 1, 1});
    const Tensor shift = make_tensor(cpu_, {1, 1, 1, 3}, DType::f32, {-2, -2, -2});
    return sound(relu(affine(x, scale, shift, DType::f32)));
  };
  EXPECT_EQ(names(doubts_about(dead, probe_of(dead))), (List{"zero-gradients", "large-eps"}));
}

TEST_F(Checks, FindOutputsThatAreProbabilities) {
  const Classifier constant = linear_model(0, {0.5, 0.3, 0.2});
  EXPECT_EQ(names(doubts_about(constant, probe_of(constant))).front(), "probabilities");
}

TEST_F(Checks, FindQuantizedActivationsThroughWhichNoGradientComes) {
  const Classifier stairs = quantized(0x1p20);
  EXPECT_EQ(names(doubts_about(stairs, probe_of(stairs, 0.1))),
            (List{"zero-gradients", "black-box", "large-eps"}));
}

TEST_F(Checks, FindQuantizedActivationsWhoseGradientIsSparseAndMisleads) {
  const Classifier ramps = quantized(64);
  EXPECT_EQ(names(doubts_about(ramps, probe_of(ramps, 0.1))).back(), "large-eps");
}

TEST_F(Checks, AllowForTheRoundingOfASoftmax) {
  const Classifier rounded = linear_model(0, {1 + 2e-6, -1e-6, -1e-6});
  EXPECT_EQ(names(doubts_about(rounded, probe_of(rounded))).front(), "probabilities");
}

TEST_F(Checks, FindStepsThatHelpTheDefender) {
  // Asked four times (correct? gradient, one step, broken?) it answers honestly; afterwards all but
  // a trace of its answer is about the clean images.
  const Classifier sound = linear_model(1);
  const Probe probe = probe_of(sound, 0.2);
  int asked = 0;
  const Classifier patient = [&](const Variable& x) {
    if (++asked <= 4) return sound(x);
    return add_scaled(sound(Variable(probe.images)), sound(x), 1e-6);
  };
  const auto found = names(doubts_about(patient, probe));
  EXPECT_EQ(found, (List{"more-steps", "large-eps"}));
}

TEST(Doubts, AboutAccuracyBeginWhereGuessingWouldDoAsWell) {
  EXPECT_TRUE(doubt_about_accuracy(50, 500, 10));
  EXPECT_TRUE(doubt_about_accuracy(60, 500, 10));
  EXPECT_FALSE(doubt_about_accuracy(70, 500, 10));
  EXPECT_FALSE(doubt_about_accuracy(4, 4, 10));
}

TEST(Doubts, AboutGradientsNeedMoreThanOneImageInFiveHundred) {
  const auto flags = [](Index broken, Index all) {
    std::vector<bool> robust(all, true);
    std::fill_n(robust.begin(), broken, false);
    return robust;
  };
  EXPECT_FALSE(doubt_about_gradients(flags(500, 1000), flags(100, 1000)));
  EXPECT_FALSE(doubt_about_gradients(flags(100, 1000), flags(102, 1000)));
  EXPECT_TRUE(doubt_about_gradients(flags(100, 1000), flags(103, 1000)));
  EXPECT_TRUE(doubt_about_gradients(flags(20, 200), flags(21, 200)));
}

TEST(Doubts, AboutImagesThatStandBeginWhereAllCanBecomeAlike) {
  const Shape image{1, 8, 8, 3};
  EXPECT_TRUE(doubt_about_standing(1, Norm::linf, 0.5, image));
  EXPECT_FALSE(doubt_about_standing(0, Norm::linf, 1, image));
  EXPECT_FALSE(doubt_about_standing(100, Norm::linf, 0.49, image));
  EXPECT_TRUE(doubt_about_standing(1, Norm::l2, 7, image));  // √192 / 2 = 6.93
  EXPECT_FALSE(doubt_about_standing(1, Norm::l2, 6.9, image));
}

TEST(Doubts, AboutRadiiAreOfL2BallsOfTheSizeOfLinfOnes) {
  EXPECT_TRUE(doubt_about_radius(Norm::l2, 8.0 / 255));
  EXPECT_TRUE(doubt_about_radius(Norm::l2, 16.0 / 255));
  EXPECT_FALSE(doubt_about_radius(Norm::l2, 0.1));
  EXPECT_FALSE(doubt_about_radius(Norm::l2, 0));
  EXPECT_FALSE(doubt_about_radius(Norm::linf, 8.0 / 255));
}

TEST(Doubts, AboutTheBallAndTheStepsAllowForRounding) {
  const double eps = 8.0 / 255;
  EXPECT_FALSE(doubt_about_ball(static_cast<float>(eps) + 1e-7, eps));
  EXPECT_TRUE(doubt_about_ball(9.0 / 255, eps));
  EXPECT_FALSE(doubt_about_reach(5, eps / 5, eps));
  EXPECT_TRUE(doubt_about_reach(4, eps / 5, eps));
  EXPECT_TRUE(test::mentions(doubt_about_reach(0, eps / 5, eps)->text, "without steps"));
  EXPECT_FALSE(doubt_about_reach(0, 0, 0));
}

}  // namespace
}  // namespace robmask
