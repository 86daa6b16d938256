#include "tools/course/lesson_3/exercises.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/ops.h"
#include "engine/tape.h"

namespace robmask::course {
namespace {

using testing::ElementsAre;

std::vector<Counted> counted(const std::vector<double>& values) {
  std::vector<Counted> numbers;
  for (const double value : values) numbers.push_back({value});
  return numbers;
}

std::vector<double> values(const std::vector<Counted>& numbers) {
  std::vector<double> out;
  for (const Counted& number : numbers) out.push_back(number.value);
  return out;
}

TEST(Slide, GivesTheLessonsTwoOutputs) {
  const auto y = slide(counted({3, 1, 4, 2}), {Counted{2}, Counted{7}, Counted{1}});
  EXPECT_THAT(values(y), ElementsAre(17, 32)) << "3·2 + 1·7 + 4·1, and 1·2 + 4·7 + 2·1";
}

TEST(Slide, GoesOnToTheEndOfTheRow) {
  const auto y = slide(counted({1, 2, 3, 4, 5, 6, 7, 8}), {Counted{1}, Counted{10}, Counted{100}});
  EXPECT_THAT(values(y), ElementsAre(321, 432, 543, 654, 765, 876))
      << "eight numbers give six outputs; two each, starting at d_0, d_2, d_4";
}

TEST(Slide, TakesTwoMultiplicationsForEachOutput) {
  Counted::multiplications = 0;
  const auto y = slide(counted({1, 2, 3, 4, 5, 6, 7, 8}), {Counted{1}, Counted{2}, Counted{4}});
  ASSERT_EQ(y.size(), 6u);
  EXPECT_EQ(Counted::multiplications, 12) << "half() is free; the definition takes 18";
}

constexpr double unread = std::numeric_limits<double>::quiet_NaN();

TEST(InputGradientAt, SumsOverTheOutputsThatHaveReadThePixel) {
  // x: 1·4, padding 1; y_j = x_(j−1)·1 + x_j·10 + x_(j+1)·100, in the middle row of the window
  Backend& cpu = backend("cpu");
  const Tensor w =
      make_tensor(cpu, {3, 3, 1, 1}, std::vector<double>{0, 0, 0, 1, 10, 100, 0, 0, 0});
  const Tensor dy = make_tensor(cpu, {1, 1, 4, 1}, std::vector<double>{2, 3, 5, 7});
  const Window window{.kernel = 3, .stride = 1, .pad = 1};
  EXPECT_THAT(input_gradient_at({0, 0, 1}, dy, w, window), ElementsAre(2 * 100 + 3 * 10 + 5 * 1))
      << "pixel 1 is the right neighbour of output 0, the centre of 1, the left neighbour of 2";
  EXPECT_THAT(input_gradient_at({0, 0, 0}, dy, w, window), ElementsAre(2 * 10 + 3 * 1))
      << "at the border there is no output to the left";
}

TEST(InputGradientAt, SkipsTapsThatAStrideOfTwoPassesOver) {
  // output j reads inputs 2j − 1, 2j and 2j + 1
  Backend& cpu = backend("cpu");
  const Tensor w =
      make_tensor(cpu, {3, 3, 1, 1}, std::vector<double>{0, 0, 0, 1, 10, 100, 0, 0, 0});
  const Tensor dy = make_tensor(cpu, {1, 1, 2, 1}, std::vector<double>{2, 3});
  const Window window{.kernel = 3, .stride = 2, .pad = 1};
  EXPECT_THAT(input_gradient_at({0, 0, 1}, dy, w, window), ElementsAre(2 * 100 + 3 * 1))
      << "an odd pixel is the right neighbour of one output and the left neighbour of the next";
  EXPECT_THAT(input_gradient_at({0, 0, 2}, dy, w, window), ElementsAre(3 * 10))
      << "an even pixel is the centre of one output, and seen by no other";
}

TEST(InputGradientAt, ReadsNoOtherOutput) {
  Backend& cpu = backend("cpu");
  const Tensor w = make_tensor(cpu, {1, 1, 1, 1}, std::vector<double>{4});
  const Tensor dy = make_tensor(cpu, {1, 1, 3, 1}, std::vector<double>{unread, 3, unread});
  EXPECT_THAT(input_gradient_at({0, 0, 1}, dy, w, Window{}), ElementsAre(12))
      << "outputs 0 and 2 hold NaN, and so does every sum with one of them";
}

/// All pixels of an input against the engine's gradient.
void compare(const Shape& x, Index outputs, const Window& window) {
  Backend& cpu = backend("cpu");
  const auto noise = [&](const Shape& shape, double seed) {
    std::vector<double> numbers(shape.count());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = std::sin(seed + static_cast<double>(i * i));
    return make_tensor(cpu, shape, numbers);
  };
  const Variable image(noise(x, 1));
  const Tensor w = noise({window.kernel, window.kernel, x.c, outputs}, 2);
  const Tensor dy = noise({x.n, window.output(x.h), window.output(x.w), outputs}, 3);
  Tape tape({image});
  tape.backward(conv2d(image, Variable(w), window), dy);
  const std::vector<double> expected = image.gradient().to_doubles();
  std::size_t at = 0;
  for (Index n = 0; n < x.n; ++n)
    for (Index h = 0; h < x.h; ++h)
      for (Index column = 0; column < x.w; ++column) {
        const std::vector<double> dx = input_gradient_at({n, h, column}, dy, w, window);
        ASSERT_EQ(static_cast<Index>(dx.size()), x.c) << "a number for each input channel";
        for (const double value : dx)
          ASSERT_NEAR(value, expected[at++], 1e-12)
              << "image " << n << ", row " << h << ", column " << column;
      }
}

TEST(InputGradientAt, AgreesWithTheEngineForManyImagesAndChannels) {
  compare({2, 5, 4, 3}, 2, {.kernel = 3, .stride = 1, .pad = 1});
}

TEST(InputGradientAt, AgreesWithTheEngineForAnyStrideAndPadding) {
  compare({2, 6, 5, 2}, 3, {.kernel = 3, .stride = 2, .pad = 1});
  compare({1, 7, 8, 1}, 2, {.kernel = 4, .stride = 3, .pad = 2});
  compare({1, 5, 5, 2}, 1, {.kernel = 1, .stride = 2, .pad = 0});
}

}  // namespace
}  // namespace robmask::course
