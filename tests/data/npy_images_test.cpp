// Images and labels from NumPy arrays.

#include "data/npy_images.h"

#include <gtest/gtest.h>

#include "data/files/npy.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::mentions;
using test::message_of;
using test::ScratchFolder;

/// Two images of 2×1 pixels: 0 1 2 | 3 4 5 and 6 7 8 | 9 10 11, R G B after each other.
const Bytes pixels{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
const Bytes as_planes{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11};

Dataset load(const Path& images, const DataOptions& options = {.train = false}) {
  return load_dataset("npy:" + images.string(), options);
}

class NpyImages : public testing::Test {
 protected:
  void put_labels(const std::string& name, const std::vector<std::int32_t>& labels = {7, 3}) const {
    write_npy(folder_ / name, host_tensor({std::ssize(labels)}, labels));
  }
  template <class T>
  Path put(const std::string& name, std::vector<Index> shape, const std::vector<T>& values) const {
    write_npy(folder_ / name, host_tensor(std::move(shape), values));
    return folder_ / name;
  }
  std::string refusal(const Path& images, const DataOptions& options = {.train = false}) const {
    return message_of<InputError>([&] { load(images, options); });
  }

  ScratchFolder folder_;
};

TEST_F(NpyImages, OfCifar101HaveTheirLabelsBeside) {
  put_labels("cifar10.1_v6_labels.npy");
  const Dataset data = load(put("cifar10.1_v6_data.npy", {2, 2, 1, 3}, pixels));
  EXPECT_EQ(data.test.pixels, pixels);
  EXPECT_EQ(data.test.labels, (std::vector<std::int32_t>{7, 3}));
  EXPECT_EQ(data.test.height, 2);
  EXPECT_EQ(data.test.width, 1);
  EXPECT_TRUE(data.classes.empty());
  EXPECT_EQ(load(folder_ / "cifar10.1_v6_data.npy", {.train = false, .limit_test = 1}).test.pixels,
            Bytes(pixels.begin(), pixels.begin() + 6));
}

TEST_F(NpyImages, AsPlanesOfNumbersAreTheSame) {
  put_labels("adv.labels.npy");
  EXPECT_EQ(load(put("adv.npy", {2, 3, 2, 1}, as_planes)).test.pixels, pixels);
  std::vector<float> numbers;
  for (const std::uint8_t level : as_planes) numbers.push_back(static_cast<float>(level) / 255.0f);
  EXPECT_EQ(load(put("adv.npy", {2, 3, 2, 1}, numbers)).test.pixels, pixels);
  numbers[3] += 0.1f / 255;
  EXPECT_TRUE(mentions(refusal(put("adv.npy", {2, 3, 2, 1}, numbers)), "`quantize` 8"));
  numbers[3] = 1.5f;
  EXPECT_TRUE(mentions(refusal(put("adv.npy", {2, 3, 2, 1}, numbers)), "got 1.5"));
}

TEST_F(NpyImages, TakeLabelsFromAnotherFileIfItIsNamed) {
  put_labels("y.npy");
  const Path images = put("x.npy", {2, 2, 1, 3}, pixels);
  EXPECT_TRUE(mentions(refusal(images), "x.labels.npy"));
  EXPECT_EQ(load(images.string() + "," + (folder_ / "y.npy").string()).test.size(), 2);
}

TEST_F(NpyImages, ThatDoNotFitAreRefused) {
  put_labels("x.labels.npy", {1});
  EXPECT_TRUE(mentions(refusal(put("x.npy", {2, 2, 1, 3}, pixels)),
                       "expected a label for each of the 2 images"));
  put_labels("x.labels.npy", {1, -1});
  EXPECT_TRUE(mentions(refusal(folder_ / "x.npy"), "row 1"));
  EXPECT_TRUE(mentions(refusal(put("x.npy", {3, 2, 2}, pixels)), "expected images as [N,H,W,3]"));
  EXPECT_TRUE(mentions(refusal(folder_ / "x.npy", {}), "holds test images only"));
}

}  // namespace
}  // namespace robmask
