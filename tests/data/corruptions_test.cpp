// Folders laid out as CIFAR-10-C.

#include "data/corruptions.h"

#include <gtest/gtest.h>

#include "data/files/npy.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

using test::message_of;

class Corruptions : public testing::Test {
 protected:
  /// M images at each severity; the bytes of row r are r.
  void put_images(const std::string& name, Index each, Index side = 32) const {
    std::vector<std::uint8_t> bytes;
    for (Index row = 0; row < 5 * each; ++row)
      bytes.insert(bytes.end(), side * side * 3, static_cast<std::uint8_t>(row));
    write_npy(folder_ / (name + ".npy"), host_tensor({5 * each, side, side, 3}, bytes));
  }
  template <class T>
  void put_labels(const std::vector<T>& labels) const {
    write_npy(folder_ / "labels.npy", host_tensor({std::ssize(labels)}, labels));
  }
  std::string refusal(Index classes = 10) const {
    return message_of<InputError>([&] {
      for (const std::string& name : corruptions_in(folder_.path()))
        load_corruption(folder_.path(), name, {}, classes);
    });
  }

  const test::ScratchFolder folder_;
};

TEST_F(Corruptions, AreReadSeverityBySeverity) {
  put_images("fog", 2);
  put_labels<std::uint8_t>({3, 7, 3, 7, 3, 7, 3, 7, 3, 7});
  const auto splits = load_corruption(folder_.path(), "fog", {}, 10);
  for (std::size_t s = 0; s < 5; ++s) {
    EXPECT_EQ(splits[s].labels, (std::vector<std::int32_t>{3, 7}));
    EXPECT_EQ(splits[s].pixels.front(), 2 * s);
    EXPECT_EQ(splits[s].pixels.back(), 2 * s + 1);
    EXPECT_EQ(splits[s].pixels.size(), 2u * 3072);
  }
  EXPECT_EQ(load_corruption(folder_.path(), "fog", {.limit_test = 1}, 10)[4].labels,
            (std::vector<std::int32_t>{3}));
}

TEST_F(Corruptions, AreAllButTheFourOfTheValidationAndHiddenFiles) {
  for (const char* name : {"snow", "fog", "spatter", "saturate", "gaussian_blur", "speckle_noise"})
    put_images(name, 1);
  test::put(folder_ / "._fog.npy", "what macOS puts beside a file");
  put_labels<std::int32_t>({0, 0, 0, 0, 0});
  EXPECT_EQ(corruptions_in(folder_.path()), (std::vector<std::string>{"fog", "snow"}));
}

TEST_F(Corruptions, LabelsMayBeOfAnyIntegerType) {
  put_images("fog", 1);
  put_labels<std::int32_t>({5, 5, 5, 5, 5});
  EXPECT_EQ(load_corruption(folder_.path(), "fog", {}, 10)[4].labels.front(), 5);
  put_labels<Index>({6, 6, 6, 6, 6});
  EXPECT_EQ(load_corruption(folder_.path(), "fog", {}, 10)[4].labels.front(), 6);
}

TEST_F(Corruptions, OfOneSeverityAreNotCutIntoFive) {
  put_images("fog", 2);
  put_labels<std::uint8_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_TRUE(test::mentions(refusal(), "labels.npy: expected the same 2 labels five times over"));
  put_labels<std::uint8_t>({3, 7, 3, 7, 3, 7, 3, 7, 3, 8});
  EXPECT_TRUE(test::mentions(refusal(), "got 7 in row 1 and 8 in row 9"));
}

TEST_F(Corruptions, WhatIsSomethingElseIsNamed) {
  EXPECT_NE(refusal().find("`corruptions`"), std::string::npos);
  put_images("fog", 1, 16);
  EXPECT_NE(refusal().find("labels"), std::string::npos);
  put_labels<std::int32_t>({0, 0, 0, 0, 0});
  EXPECT_NE(refusal().find("fog.npy: expected uint8 [5·M, 32, 32, 3]"), std::string::npos);
  put_images("fog", 2);
  EXPECT_NE(refusal().find("a label for each of the 10 images"), std::string::npos);
  put_images("fog", 1);
  put_labels<std::int32_t>({0, 0, 10, 0, 0});
  EXPECT_NE(refusal().find("row 2"), std::string::npos);
  put_labels<Index>({0, 0, 0, 0, Index{1} << 32});
  EXPECT_NE(refusal().find("row 4"), std::string::npos);
  put_labels<float>({0, 0, 0, 0, 0});
  EXPECT_NE(refusal().find("got F32"), std::string::npos);
  std::filesystem::remove(folder_ / "fog.npy");
  test::put(folder_ / "fog.npy", "not numpy");
  put_labels<std::int32_t>({0, 0, 0, 0, 0});
  EXPECT_NE(refusal().find("fog.npy"), std::string::npos);
}

}  // namespace
}  // namespace robmask
