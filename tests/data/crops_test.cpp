// Resizing as Pillow does it, and the random and central views.

#include "data/crops.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/data/pictures.h"

namespace robmask {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// One row of gray pixels.
Image row(const Bytes& levels) {
  Image image{1, static_cast<Index>(levels.size()), {}};
  for (const std::uint8_t level : levels) image.pixels.insert(image.pixels.end(), 3, level);
  return image;
}

Bytes reds(const Image& image) {
  Bytes levels;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) levels.push_back(image.pixels[i]);
  return levels;
}

Stream crop_stream(std::uint32_t image) { return {.purpose = Purpose::crop, .image = image}; }

TEST(Resize, ToTheSameSizeChangesNothing) {
  const Image image = test::graded(7, 5);
  EXPECT_EQ(resize(image, 7, 5).pixels, image.pixels);
}

TEST(Resize, ShrinkingAveragesOverAllPixelsCovered) {
  // Halving reaches two pixels to both sides; the weights of Pillow's triangle are 1 3 3 1, cut off
  // and normalized at the ends. Expected values from Pillow 9.4.
  EXPECT_EQ(reds(resize(row({0, 0, 0, 255, 255, 255, 0, 0}), 1, 4)), (Bytes{0, 128, 223, 36}));
}

TEST(Resize, GrowingInterpolatesBetweenPixelCentres) {
  EXPECT_EQ(reds(resize(row({0, 100}), 1, 4)), (Bytes{0, 25, 75, 100}));
}

TEST(Resize, RowsAndColumnsAreTreatedAlike) {
  Image column = row({0, 9, 80, 255, 31, 7});
  std::swap(column.height, column.width);
  EXPECT_EQ(resize(column, 4, 1).pixels, resize(row({0, 9, 80, 255, 31, 7}), 1, 4).pixels);
}

TEST(TestView, IsTheCentreOfTheResizedImage) {
  const Image view = test_view(test::graded(32, 64), 28);  // 32×64 stays; rows 2 …, columns 18 …
  EXPECT_EQ(view.height, 28);
  EXPECT_EQ(view.width, 28);
  EXPECT_EQ(view.pixels[0], 2);
  EXPECT_EQ(view.pixels[1], 18);
  EXPECT_EQ(test_view(test::graded(200, 100), 224).pixels.size(), 224u * 224 * 3);
}

TEST(TestView, OfAStripTakesNoMoreMemoryThanItsCentre) {
  for (const auto& [height, width] : {std::pair{60000, 1}, {1, 60000}}) {
    const Image view = test_view(test::plain(height, width, {4, 5, 6}), 224);
    EXPECT_EQ(view.pixels, test::plain(224, 224, {4, 5, 6}).pixels);
  }
}

TEST(Resize, ComputesAPartAsOfTheWhole) {
  const Image image = test::graded(60, 40);
  for (const auto& [height, width] : {std::pair{31, 53}, {90, 20}}) {
    const Box part{7, 3, 20, 15};
    EXPECT_EQ(resize(image, height, width, part).pixels,
              crop(resize(image, height, width), part).pixels);
  }
}

TEST(RandomResizedBox, StaysInTheImageWithAreaAndRatioInRange) {
  double smallest = 1, largest = 0;
  bool tall = false, wide = false;
  for (std::uint32_t image = 0; image < 2000; ++image) {
    const Box box = random_resized_box(300, 400, crop_stream(image));
    ASSERT_GE(box.top, 0);
    ASSERT_GE(box.left, 0);
    ASSERT_LE(box.top + box.height, 300);
    ASSERT_LE(box.left + box.width, 400);
    const double area = static_cast<double>(box.height * box.width) / (300 * 400);
    const double ratio = static_cast<double>(box.width) / static_cast<double>(box.height);
    ASSERT_GT(area, 0.078);
    ASSERT_LE(area, 1.0);
    ASSERT_GT(ratio, 0.74);  // ¾ but for rounding
    ASSERT_LT(ratio, 1.35);
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
    tall |= ratio < 0.8;
    wide |= ratio > 1.25;
  }
  EXPECT_LT(smallest, 0.1);
  EXPECT_GT(largest, 0.9);
  EXPECT_TRUE(tall && wide);
}

TEST(RandomResizedBox, FallsBackToTheCentreOfAStrip) {
  EXPECT_EQ(random_resized_box(10, 1000, crop_stream(0)), (Box{0, 493, 10, 13}));
  EXPECT_EQ(random_resized_box(1000, 10, crop_stream(0)), (Box{493, 0, 13, 10}));
}

TEST(TrainView, DependsOnImageAndEpochAndFlipsHalfOfThem) {
  const Image image = test::graded(64, 64);
  int flipped = 0;
  for (std::uint32_t id = 0; id < 400; ++id) {
    const Image view = train_view(image, 16, crop_stream(id));
    ASSERT_EQ(view.pixels.size(), 16u * 16 * 3);
    flipped += view.pixels[1] > view.pixels[15 * 3 + 1];  // green grows to the right
  }
  EXPECT_NEAR(flipped, 200, 50);
  Stream later = crop_stream(0);
  later.step = 1;
  EXPECT_EQ(train_view(image, 16, crop_stream(0)).pixels,
            train_view(image, 16, crop_stream(0)).pixels);
  EXPECT_NE(train_view(image, 16, crop_stream(0)).pixels, train_view(image, 16, later).pixels);
}

}  // namespace
}  // namespace robmask
