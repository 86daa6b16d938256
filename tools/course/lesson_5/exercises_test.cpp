#include "tools/course/lesson_5/exercises.h"

#include <gtest/gtest.h>

#include <cmath>

#include "layers/linear.h"
#include "models/global_average.h"

namespace robmask::course {
namespace {

TEST(CrossEntropy, IsTheLogarithmOfTheChancesWhereAllLogitsAreEqual) {
  const std::vector<double> z(10, 3.5);
  const LossAndGradient result = course::cross_entropy(z, 4);
  EXPECT_NEAR(result.loss, std::log(10), 1e-12) << "ten equal logits: p = 1/10 each";
  ASSERT_EQ(result.gradient.size(), 10) << "one number for each logit";
  EXPECT_NEAR(result.gradient[0], 0.1, 1e-12) << "p of a class that is not the label";
  EXPECT_NEAR(result.gradient[4], -0.9, 1e-12) << "p − 1 of the label";
}

TEST(CrossEntropy, HasTheSlopeThatItsValuesShow) {
  const std::vector<double> z{0.3, -1.2, 2.1, 0.4};
  constexpr double h = 1e-5;
  for (Index label = 0; label < 4; ++label) {
    const std::vector<double> gradient = course::cross_entropy(z, label).gradient;
    ASSERT_EQ(gradient.size(), 4);
    for (std::size_t c = 0; c < 4; ++c) {
      std::vector<double> up = z, down = z;
      up[c] += h;
      down[c] -= h;
      const double slope =
          (course::cross_entropy(up, label).loss - course::cross_entropy(down, label).loss) /
          (2 * h);
      EXPECT_NEAR(gradient[c], slope, 1e-8) << "logit " << c << ", label " << label;
    }
  }
}

TEST(CrossEntropy, StaysFiniteWhereExponentsDoNot) {
  const std::vector<double> z{1000, -1000, 998};
  // By hand: log(1 + e^−2000 + e^−2) = 0.126928, and from there down to each logit
  EXPECT_NEAR(course::cross_entropy(z, 0).loss, 0.126928, 1e-6) << "e^1000 is infinite";
  EXPECT_NEAR(course::cross_entropy(z, 1).loss, 2000.126928, 1e-6)
      << "log(p) of p = 0 is infinite: take the logarithm of the sum instead";
  EXPECT_NEAR(course::cross_entropy(z, 2).gradient[0], 0.880797, 1e-6);
}

/// Mean colour → linear layer: its gradient can be had with a pencil.
class MeanColour {
 public:
  MeanColour(const Scope& s, Index classes) : linear_(s / "linear", 3, classes) {}
  Variable operator()(const Variable& x, const Context&) const {
    return linear_(global_average(x));
  }

 private:
  Linear linear_;
};

constexpr Index images = 7, classes = 3;
const std::vector<std::int32_t> labels{0, 1, 2, 2, 1, 0, 2};

const Model& mean_colour() {
  static const bool defined = (define_network<MeanColour>("mean-colour"), true);
  static const Model model(backend("cpu"), DType::f64,
                           {.name = "mean-colour", .classes = defined ? classes : 0}, 1);
  return model;
}

/// Images of one pixel; each a colour of its own.
std::vector<double> colours() {
  std::vector<double> x;
  for (Index i = 0; i < 3 * images; ++i) x.push_back(0.5 + 0.45 * std::sin(1.7 * (i + 1)));
  return x;
}

Batch batch() {
  Batch all;
  all.images = make_tensor(backend("cpu"), {images, 1, 1, 3}, DType::f64, colours());
  all.labels = make_tensor(backend("cpu"), {images, 1, 1, 1}, labels);
  return all;
}

/// Mean loss, and gradients of weight {3,classes} and bias, by the formula p − onehot.
struct ByHand {
  double loss = 0;
  std::vector<double> weight, bias;
};
ByHand by_hand() {
  const std::vector<double> x = colours();
  const std::vector<double> w = mean_colour().parameters()[0].value().to_doubles();
  const std::vector<double> b = mean_colour().parameters()[1].value().to_doubles();
  ByHand sum{0, std::vector<double>(3 * classes), std::vector<double>(classes)};
  for (Index n = 0; n < images; ++n) {
    double z[classes], total = 0;
    for (Index c = 0; c < classes; ++c) {
      z[c] = b[c];
      for (Index i = 0; i < 3; ++i) z[c] += x[3 * n + i] * w[i * classes + c];
      total += std::exp(z[c]);
    }
    sum.loss += (std::log(total) - z[labels[n]]) / images;
    for (Index c = 0; c < classes; ++c) {
      const double g = (std::exp(z[c]) / total - (labels[n] == c)) / images;
      sum.bias[c] += g;
      for (Index i = 0; i < 3; ++i) sum.weight[i * classes + c] += g * x[3 * n + i];
    }
  }
  return sum;
}

void expect_gradient_of_all(const char* what) {
  const ByHand expected = by_hand();
  const std::vector<Variable> parameters = mean_colour().parameters();
  ASSERT_TRUE(parameters[0].gradient()) << "no gradient was left";
  const std::vector<double> weight = parameters[0].gradient().to_doubles();
  const std::vector<double> bias = parameters[1].gradient().to_doubles();
  for (Index i = 0; i < 3 * classes; ++i)
    EXPECT_NEAR(weight[i], expected.weight[i], 1e-12) << what << ": weight " << i;
  for (Index c = 0; c < classes; ++c)
    EXPECT_NEAR(bias[c], expected.bias[c], 1e-12) << what << ": bias " << c;
}

TEST(BackwardInParts, LeavesTheGradientOfTheWholeBatch) {
  EXPECT_NEAR(backward_in_parts(mean_colour(), batch(), images), by_hand().loss, 1e-12);
  expect_gradient_of_all("in one part");
}

TEST(BackwardInParts, CountsEachImageOnceThoughTheLastPartIsSmaller) {
  EXPECT_NEAR(backward_in_parts(mean_colour(), batch(), 3), by_hand().loss, 1e-12)
      << "parts of 3, 3 and 1: the mean of their means is not the mean over the images";
  expect_gradient_of_all("in parts of 3, 3 and 1");
}

TEST(BackwardInParts, StartsAnewEachTime) {
  backward_in_parts(mean_colour(), batch(), 2);
  backward_in_parts(mean_colour(), batch(), 2);
  expect_gradient_of_all("called twice: only parts of one batch add up");
}

}  // namespace
}  // namespace robmask::course
