// The likeliest classes of an image, by name.

#include "training/likeliest.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/backend.h"

namespace robmask {
namespace {

Tensor logits(const std::vector<double>& values, Index images) {
  const auto classes = static_cast<Index>(values.size()) / images;
  return make_tensor(backend("cpu"), {images, 1, 1, classes}, DType::f64, values);
}

TEST(Likeliest, AreTheSoftmaxOfTheLogitsTheLargestFirst) {
  const auto rows =
      likeliest(logits({std::log(1.0), std::log(6.0), std::log(3.0)}, 1), {"cat", "dog", "fox"}, 2);
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(rows[0].size(), 2u);
  EXPECT_EQ(rows[0][0].name, "dog");
  EXPECT_EQ(rows[0][0].output, 1);
  EXPECT_NEAR(rows[0][0].probability, 0.6, 1e-15);
  EXPECT_EQ(rows[0][1].name, "fox");
  EXPECT_NEAR(rows[0][1].probability, 0.3, 1e-15);
}

TEST(Likeliest, OfEqualOnesComeByTheirNumberAndWithoutNamesByTheNumberAlone) {
  const auto rows = likeliest(logits({2, 2, 5, 1000, 0, 1000}, 2), {}, 10);
  EXPECT_EQ(rows[0][1].name, "class 0");
  EXPECT_EQ(rows[0][2].name, "class 1");
  EXPECT_EQ(rows[1].size(), 3u);
  EXPECT_EQ(rows[1][0].probability, 0.5);  // exp(1000) would overflow
}

TEST(Likeliest, OfLogitsThatAreNoNumbersThereAreNone) {
  EXPECT_THROW(likeliest(logits({1, NAN}, 1), {}, 1), RunError);
  EXPECT_THROW(likeliest(logits({1, INFINITY}, 1), {}, 1), RunError);
}

}  // namespace
}  // namespace robmask
