#include "tools/course/lesson_1/exercises.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/backend.h"

namespace robmask::course {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

/// A map of f32 with the numbers 0, 1, 2, … in the order of memory.
Tensor counted(const Shape& shape) {
  std::vector<float> values(shape.count());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return make_tensor(backend("cpu"), shape, values);
}

TEST(Mirror, SwapsWholePixelsAndLeavesTheMiddleOne) {
  const Tensor map = counted({1, 1, 3, 2});
  mirror(map);
  EXPECT_THAT(map.to_host<float>(), ElementsAre(4, 5, 2, 3, 0, 1))
      << "one row of three pixels with two channels was 0 1 | 2 3 | 4 5";
}

TEST(Mirror, TurnsEachRowOfEachImageByItself) {
  const Tensor map = counted({2, 2, 2, 1});
  mirror(map);
  EXPECT_THAT(map.to_host<float>(), ElementsAre(1, 0, 3, 2, 5, 4, 7, 6))
      << "two images of two rows were 0 1 | 2 3 and 4 5 | 6 7";
}

TEST(Mirror, LeavesChannelsAloneThatAViewDoesNotSee) {
  const Tensor map = counted({1, 2, 2, 4});
  mirror(map.channels(1, 2));
  EXPECT_THAT(map.to_host<float>(),
              ElementsAre(0, 5, 6, 3, 4, 1, 2, 7, 8, 13, 14, 11, 12, 9, 10, 15))
      << "the view sees channels 1 and 2 of four; is the distance between pixels its pitch?";
}

TEST(SideBySide, KeepsTheOrderOfPartsInEveryPixel) {
  Backend& cpu = backend("cpu");
  const Tensor first = make_tensor(cpu, {1, 1, 2, 2}, std::vector<float>{1, 2, 3, 4});
  const Tensor second = make_tensor(cpu, {1, 1, 2, 1}, std::vector<float>{10, 20});
  const Tensor whole = side_by_side({first, second, first});
  EXPECT_EQ(whole.shape(), (Shape{1, 1, 2, 5}));
  EXPECT_THAT(whole.to_host<float>(), ElementsAre(1, 2, 10, 1, 2, 3, 4, 20, 3, 4))
      << "parts were 1 2 | 3 4, then 10 | 20, then the first one again";
}

TEST(SideBySide, TakesViewsAndManyImages) {
  const Tensor map = counted({2, 2, 2, 3});
  const Tensor whole = side_by_side({map.channels(2, 1), map.channels(0, 2)});
  std::vector<float> turned;
  for (float pixel = 0; pixel < 24; pixel += 3)
    turned.insert(turned.end(), {pixel + 2, pixel, pixel + 1});
  EXPECT_THAT(whole.to_host<float>(), ElementsAreArray(turned))
      << "the parts are channel 2, then channels 0 and 1, of one map";
}

TEST(SideBySide, KeepsTheTypeOfItsParts) {
  const Tensor part = make_tensor(backend("cpu"), {1, 1, 1, 1}, std::vector<double>{0.1});
  const Tensor whole = side_by_side({part, part});
  ASSERT_EQ(whole.dtype(), DType::f64);
  EXPECT_THAT(whole.to_host<double>(), ElementsAre(0.1, 0.1));
}

TEST(SideBySide, GivesNewMemory) {
  const Tensor part = counted({1, 1, 1, 1});
  const Tensor whole = side_by_side({part});
  backend("cpu").fill(part, 7);
  EXPECT_THAT(whole.to_host<float>(), ElementsAre(0)) << "writing to the part changed the whole";
}

}  // namespace
}  // namespace robmask::course
