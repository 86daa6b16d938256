// CIFAR binaries: planes become interleaved pixels, and every way a file can be wrong has its line.

#include "data/cifar.h"

#include "tests/files/scratch.h"

namespace robmask {
namespace {

using test::mentions;
using test::message_of;
using test::put;
using test::ScratchFolder;

/// One record: label bytes, then pixel bytes that count up from `first` modulo 251.
std::string record(const std::string& labels, int first) {
  std::string bytes = labels;
  for (int i = 0; i < 3072; ++i) bytes += static_cast<char>((first + i) % 251);
  return bytes;
}

std::string records(int count, int first_label) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += record(std::string(1, static_cast<char>((first_label + i) % 10)), i);
  }
  return bytes;
}

/// Five training files of 2, 1, 1, 1, 1 images and a test file of 3.
void put_cifar10(const Path& folder) {
  put(folder / "data_batch_1.bin", records(2, 0));
  for (int k = 2; k <= 5; ++k) {
    put(folder / fmt::format("data_batch_{}.bin", k), records(1, k));
  }
  put(folder / "test_batch.bin", records(3, 7));
}

std::string load_error(const std::string& spec, const DataOptions& options = {}) {
  return message_of<InputError>([&] { load_dataset(spec, options); });
}

TEST(Cifar10, FilesAreReadInOrderAndPlanesBecomeInterleavedPixels) {
  const ScratchFolder folder;
  put_cifar10(folder.path());
  const Dataset data = load_dataset("cifar10:" + folder.path().string(), {});
  EXPECT_EQ(data.train.labels, (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(data.test.labels, (std::vector<std::int32_t>{7, 8, 9}));
  EXPECT_EQ(data.train.pixels.size(), 6u * 3072);
  const std::string second = record("\1", 1);
  for (const Index p : {0, 1, 31, 32, 1023}) {
    for (Index c = 0; c < 3; ++c) {
      EXPECT_EQ(data.train.pixels[static_cast<std::size_t>(3072 + p * 3 + c)],
                static_cast<std::uint8_t>(second[static_cast<std::size_t>(1 + c * 1024 + p)]));
    }
  }
  EXPECT_EQ(data.classes.size(), 10u);
  EXPECT_EQ(data.normalization, normalizations::cifar10);
}

TEST(Cifar10, LimitsTakeTheFirstImagesAcrossFiles) {
  const ScratchFolder folder;
  put_cifar10(folder.path());
  const Dataset data =
      load_dataset("cifar10:" + folder.path().string(), {.limit_train = 3, .limit_test = 1});
  EXPECT_EQ(data.train.labels, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(data.test.labels, (std::vector<std::int32_t>{7}));
}

TEST(Cifar10, TheOfficialFolderBelowIsFoundAndAnUnwantedSplitNeedNotExist) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "cifar-10-batches-bin");
  put(folder / "cifar-10-batches-bin" / "test_batch.bin", records(2, 4));
  const Dataset data = load_dataset("cifar10:" + folder.path().string(), {.train = false});
  EXPECT_EQ(data.test.labels, (std::vector<std::int32_t>{4, 5}));
  EXPECT_EQ(data.train.size(), 0);
}

TEST(Cifar10, OneTrainingFileAloneIsASetButFiveWithAGapAreNot) {
  const ScratchFolder folder;
  put(folder / "data_batch_1.bin", records(4, 0));
  const std::string spec = "cifar10:" + folder.path().string();
  EXPECT_EQ(load_dataset(spec, {.test = false}).train.size(), 4);
  put_cifar10(folder.path());
  std::filesystem::remove(folder / "data_batch_4.bin");
  EXPECT_TRUE(mentions(load_error(spec), "data_batch_4.bin: no such file"));
}

TEST(Cifar10, AFileThatIsNoWholeNumberOfRecordsIsRefusedWithItsSize) {
  const ScratchFolder folder;
  const std::string spec = "cifar10:" + folder.path().string();
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{3072}, std::size_t{3074}}) {
    put_cifar10(folder.path());
    put(folder / "data_batch_2.bin", records(2, 0).substr(0, bytes));
    const std::string line = load_error(spec);
    EXPECT_TRUE(mentions(line, "data_batch_2.bin: ")) << line;
    EXPECT_TRUE(mentions(line, fmt::format("records of 3073 bytes, got {} bytes", bytes))) << line;
  }
}

TEST(Cifar10, ALabelOutOfRangeIsNamedWithFileAndRecord) {
  const ScratchFolder folder;
  put_cifar10(folder.path());
  put(folder / "test_batch.bin", records(2, 0) + record("\n", 0));
  const std::string line = load_error("cifar10:" + folder.path().string());
  EXPECT_TRUE(mentions(line, "test_batch.bin: record 2 ")) << line;
  EXPECT_TRUE(mentions(line, "below 10, got 10")) << line;
}

TEST(Cifar100, TheFineLabelIsUsedAndBothLabelsAreChecked) {
  const ScratchFolder folder;
  put(folder / "train.bin", record("\x13\x63", 5) + record(std::string("\x00\x07", 2), 6));
  put(folder / "test.bin", record("\x14\x07", 7));
  const std::string spec = "cifar100:" + folder.path().string();
  const Dataset data = load_dataset(spec, {.test = false});
  EXPECT_EQ(data.train.labels, (std::vector<std::int32_t>{99, 7}));
  EXPECT_EQ(data.train.pixels[0], 5);
  EXPECT_EQ(data.train.pixels[1], (5 + 1024) % 251);
  EXPECT_EQ(data.classes.size(), 100u);
  EXPECT_EQ(data.classes[99], "worm");
  EXPECT_TRUE(std::is_sorted(data.classes.begin(), data.classes.end()));
  EXPECT_TRUE(mentions(load_error(spec), "below 20, got 20"));
  put(folder / "test.bin", record("\x01\x64", 7));
  EXPECT_TRUE(mentions(load_error(spec), "below 100, got 100"));
}

TEST(DataSpec, WhatIsNoDataSetIsRefusedInOneLine) {
  EXPECT_TRUE(mentions(load_error("cifar10"), "`data`: expected synthetic, cifar10:DIR"));
  EXPECT_TRUE(mentions(load_error("cifar10:"), "got 'cifar10:'"));
  EXPECT_TRUE(mentions(load_error("mnist:somewhere"), "got 'mnist:somewhere'"));
  EXPECT_TRUE(mentions(load_error("cifar100:/no/such/folder"), "make cifar100"));
  EXPECT_TRUE(mentions(load_error("folder:/no/such/folder"), "/no/such/folder is not one"));
}

TEST(Normalization, TheChoicesAreThoseOfTheCommandLine) {
  EXPECT_EQ(choose_normalization("true", normalizations::imagenet), normalizations::imagenet);
  EXPECT_EQ(choose_normalization("none", normalizations::imagenet), Normalization{});
  EXPECT_EQ(choose_normalization("kuangliu", normalizations::cifar10).std[0], .2023);
  EXPECT_THROW(choose_normalization("yes", normalizations::cifar10), InputError);
}

}  // namespace
}  // namespace robmask
