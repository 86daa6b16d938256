#include "tools/course/lesson_1/exercises.h"

#include <gtest/gtest.h>

namespace robmask::course {
namespace {

TEST(PlaceOf, CountsPixelsInPitchesAndChannelsOneByOne) {
  const Shape shape{2, 3, 4, 5};
  EXPECT_EQ(place_of(shape, 5, 0, 0, 0, 3), 3);
  EXPECT_EQ(place_of(shape, 8, 0, 0, 2, 3), 19);
  EXPECT_EQ(place_of(shape, 8, 1, 2, 3, 4), 188);
}

}  // namespace
}  // namespace robmask::course
