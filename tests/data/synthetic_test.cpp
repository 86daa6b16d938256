// The embedded data set: one and the same everywhere, and with the two features it promises.

#include "data/synthetic.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <numeric>

#include "engine/threads.h"

namespace robmask {
namespace {

const Dataset& everything() {
  static const Dataset data = load_dataset("synthetic", {});
  return data;
}

/// The class whose texture agrees best with the image, looking at differences of neighbours only
/// (so that background and bar, which are smooth, do not matter).
Index read_texture(const std::uint8_t* image) {
  const auto pixel = [&](Index y, Index x, Index c) { return image[(y * 32 + x) * 3 + c]; };
  Index best = 0;
  double most = -1e9;
  for (Index label = 0; label < synthetic::classes; ++label) {
    double agreement = 0;
    for (Index y = 1; y < 32; ++y) {
      for (Index x = 1; x < 32; ++x) {
        for (Index c = 0; c < 3; ++c) {
          const auto sign = [&](Index dy, Index dx) {
            return synthetic::texture_sign(label, y - dy, x - dx, c);
          };
          const int seen = 2 * pixel(y, x, c) - pixel(y - 1, x, c) - pixel(y, x - 1, c);
          const int pattern = 2 * sign(0, 0) - sign(1, 0) - sign(0, 1);
          agreement += std::clamp(seen, -12, 12) * pattern / (1.0 + std::abs(pattern));
        }
      }
    }
    if (agreement > most) {
      most = agreement;
      best = label;
    }
  }
  return best;
}

TEST(Synthetic, IsTheSameForAnySeedAndNumberOfThreads) {
  const int threads = thread_count();
  set_thread_count(1);
  const Dataset again = load_dataset("synthetic", {.seed = 7});
  set_thread_count(threads);
  EXPECT_EQ(again.train.pixels, everything().train.pixels);
  EXPECT_EQ(again.test.pixels, everything().test.pixels);
}

TEST(Synthetic, KeepsItsBytesFromVersionToVersion) {
  const auto& pixels = everything().train.pixels;
  const std::vector<std::uint8_t> first(pixels.begin(), pixels.begin() + 6);
  EXPECT_EQ(first, (std::vector<std::uint8_t>{27, 26, 26, 22, 20, 21}));
  EXPECT_EQ(std::accumulate(pixels.begin(), pixels.end(), Index{0}), 170354515);
}

TEST(Synthetic, ClassesComeInTurnSoThatEveryLimitIsBalanced) {
  const Dataset data = load_dataset("synthetic", {.limit_train = 20, .limit_test = 10});
  ASSERT_EQ(data.train.size(), 20);
  ASSERT_EQ(data.test.size(), 10);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(data.train.labels[i], static_cast<int>(i % 10));
  EXPECT_TRUE(std::equal(data.train.pixels.begin(), data.train.pixels.end(),
                         everything().train.pixels.begin()));
  EXPECT_EQ(everything().train.size(), synthetic::train_images);
  EXPECT_EQ(everything().test.size(), synthetic::test_images);
}

TEST(Synthetic, TheBarMisleadsAsOftenAsItSays) {
  int misled = 0;
  for (std::uint32_t id = 0; id < 2500; ++id) misled += synthetic::shown_class(id) != id % 10;
  EXPECT_NEAR(misled / 2500.0, synthetic::misleading, 0.03);
}

TEST(Synthetic, TheTextureTellsTheClassAlmostSurely) {
  const Split& test = everything().test;
  int right = 0;
  for (Index i = 0; i < 100; ++i) {
    right += read_texture(test.pixels.data() + i * test.image_bytes()) ==
             test.labels[static_cast<std::size_t>(i)];
  }
  EXPECT_GE(right, 99);
}

TEST(Synthetic, TwiceTheTextureTurnsAnyClassIntoAnyOther) {
  const Split& test = everything().test;
  std::vector<std::uint8_t> image(test.pixels.begin(), test.pixels.begin() + test.image_bytes());
  for (Index i = 0; i < test.image_bytes(); ++i) {
    const Index c = i % 3, x = i / 3 % 32, y = i / 96;
    const int change =
        synthetic::texture_sign(6, y, x, c) - synthetic::texture_sign(test.labels[0], y, x, c);
    auto& pixel = image[static_cast<std::size_t>(i)];
    pixel = static_cast<std::uint8_t>(pixel + synthetic::texture * change);
  }
  EXPECT_EQ(read_texture(image.data()), 6);
  EXPECT_LE(2 * synthetic::texture, 8);  // within the usual ε of 8/255
}

TEST(Synthetic, NoPixelIsClipped) {
  const auto& pixels = everything().train.pixels;
  EXPECT_GT(*std::min_element(pixels.begin(), pixels.end()), 0);
  EXPECT_LT(*std::max_element(pixels.begin(), pixels.end()), 255);
}

TEST(Synthetic, TrainingAndTestImagesDiffer) {
  const Dataset& data = everything();
  EXPECT_FALSE(std::equal(data.test.pixels.begin(), data.test.pixels.begin() + 3072,
                          data.train.pixels.begin()));
}

}  // namespace
}  // namespace robmask
