// Folders of images: classes, file order, resident and streamed splits, broken files.

#include "data/image_folder.h"

#include "tests/data/pictures.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

using test::mentions;
using test::message_of;
using test::plain;
using test::put;
using test::ScratchFolder;

using Labels = std::vector<std::int32_t>;

void put_image(const Path& path, const Image& image) {
  std::filesystem::create_directories(path.parent_path());
  test::put_png(path, image);
}

/// train/{cat,ant}/ with 2 and 1 images, test/ant/ with 1; red is 10 × label + number.
void put_small(const Path& folder, Index side) {
  put_image(folder / "train/cat/b.png", plain(side, side, {11, 0, 0}));
  put_image(folder / "train/cat/a.png", plain(side, side, {10, 0, 0}));
  put_image(folder / "train/ant/a.png", plain(side, side, {0, 0, 0}));
  put_image(folder / "test/ant/a.png", plain(side, side, {5, 0, 0}));
}

Dataset load(const ScratchFolder& folder, const DataOptions& options = {}) {
  return load_dataset("folder:" + folder.path().string(), options);
}

std::string load_error(const ScratchFolder& folder, const DataOptions& options = {}) {
  return message_of<InputError>([&] { load(folder, options); });
}

std::vector<int> reds(const Split& split) {
  std::vector<int> reds;
  for (Index i = 0; i < split.size(); ++i) {
    reds.push_back(split.pixels[static_cast<std::size_t>(i * split.image_bytes())]);
  }
  return reds;
}

TEST(ImageFolder, SmallImagesOfOneSizeAreResidentInSortedOrder) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  const Dataset data = load(folder);
  EXPECT_EQ(data.classes, (std::vector<std::string>{"ant", "cat"}));
  EXPECT_EQ(data.train.labels, (Labels{0, 1, 1}));
  EXPECT_EQ(reds(data.train), (std::vector<int>{0, 10, 11}));
  EXPECT_EQ(reds(data.test), (std::vector<int>{5}));
  EXPECT_TRUE(data.train.resident());
  EXPECT_EQ(data.train.height, 32);
  EXPECT_EQ(data.normalization, normalizations::cifar10);
  std::vector<std::uint8_t> out(2 * 3072);
  data.train.read(std::vector<std::int32_t>{2, 1}, 0, out);
  EXPECT_EQ(out[0], 11);
  EXPECT_EQ(out[3072], 10);
}

TEST(ImageFolder, LimitsTakeTheFirstFiles) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  EXPECT_EQ(load(folder, {.limit_train = 2}).train.labels, (Labels{0, 1}));
}

TEST(ImageFolder, ClassesTxtDecidesTheLabels) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  put(folder / "classes.txt", "dog\ncat \r\n\nant\n");
  const Dataset data = load(folder);
  EXPECT_EQ(data.classes, (std::vector<std::string>{"dog", "cat", "ant"}));
  EXPECT_EQ(data.train.labels, (Labels{1, 1, 2}));
  put(folder / "classes.txt", "dog\ncat\n");
  EXPECT_TRUE(mentions(load_error(folder), "train/ant: expected the folder of one of the 2"));
  put(folder / "classes.txt", "cat\nant\ncat\n");
  EXPECT_TRUE(mentions(load_error(folder), "classes.txt: expected each class once, got 'cat'"));
}

TEST(ImageFolder, TestLabelsFollowTheTrainingFoldersEvenWhenOnlyTestsAreWanted) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  std::filesystem::rename(folder / "test/ant", folder / "test/cat");
  EXPECT_EQ(load(folder, {.train = false}).test.labels, (Labels{1}));
}

TEST(ImageFolder, OtherFilesHiddenFilesAndValInsteadOfTestAreFine) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  std::filesystem::rename(folder / "test", folder / "val");
  put(folder / "train/cat/notes.txt", "not an image");
  put(folder / "train/cat/._a.png", "not an image either");
  put(folder / "train/readme.txt", "");
  std::filesystem::create_directory(folder / "train/.cache");
  const Dataset data = load(folder);
  EXPECT_EQ(data.train.size(), 3);
  EXPECT_EQ(data.test.size(), 1);
}

TEST(ImageFolder, MissingAndEmptyFoldersAreNamed) {
  const ScratchFolder folder;
  EXPECT_TRUE(mentions(load_error(folder), "train: no such folder"));
  EXPECT_TRUE(mentions(load_error(folder, {.train = false}), "test/ or val/"));
  put_small(folder.path(), 32);
  std::filesystem::create_directory(folder / "train/bee");
  EXPECT_TRUE(mentions(load_error(folder), "train/bee: expected images of this class, found none"));
  std::filesystem::remove(folder / "train/bee");
  std::filesystem::remove_all(folder / "test/ant");
  EXPECT_TRUE(mentions(load_error(folder), "test: expected one folder a class, found none"));
}

TEST(ImageFolder, ImagesOfOtherFormatsAreLeftOutInOneWarning) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  for (const char* name : {"d.webp", "c.WebP", "e.avif"}) put(folder / "train/cat" / name, "RIFF");
  const Dataset data = load(folder);
  EXPECT_EQ(data.warnings, (std::vector{(folder / "train").string() +
                                        ": left out 1 .avif and 2 .webp files, the first is " +
                                        (folder / "train/cat/c.WebP").string() +
                                        "; convert them to JPEG or PNG"}));
  EXPECT_EQ(data.train.labels, (Labels{0, 1, 1}));
  std::filesystem::remove(folder / "train/ant/a.png");
  put(folder / "train/ant/a.TIFF", "II*");
  EXPECT_TRUE(mentions(load_error(folder),
                       "train/ant: expected images of this class, found none but 1 .tiff file: "));
}

TEST(ImageFolder, AnImageOfTooManyPixelsIsBroken) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  EXPECT_TRUE(mentions(load_error(folder, {.max_pixels = 1023}), "at most 1023 pixels"));
  put_image(folder / "train/cat/c.png", plain(100, 140, {1, 2, 3}));
  const Dataset data = load(folder, {.image_size = 224, .max_pixels = 1024});
  std::vector<std::uint8_t> out(224 * 224 * 3);
  EXPECT_NO_THROW(data.train.read(std::vector<std::int32_t>{2}, 0, out));
  EXPECT_THROW(data.train.read(std::vector<std::int32_t>{3}, 0, out), InputError);
}

TEST(ImageFolder, ABrokenSmallImageStopsOrIsSkippedWithAWarning) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  const std::string bytes = read_text(folder / "train/cat/a.png");
  put(folder / "train/cat/a.png", bytes.substr(0, bytes.size() / 2));
  EXPECT_TRUE(mentions(load_error(folder), "train/cat/a.png: expected a whole"));
  testing::internal::CaptureStderr();
  const Dataset data = load(folder, {.broken = BrokenImages::skip});
  EXPECT_TRUE(mentions(testing::internal::GetCapturedStderr(), "warning: skipped "));
  EXPECT_EQ(data.train.labels, (Labels{0, 1}));
  EXPECT_EQ(reds(data.train), (std::vector<int>{0, 11}));
}

TEST(ImageFolder, OneFileMoreOrLessDecidesNoSize) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  put_image(folder / "train/cat/wide.png", plain(32, 33, {12, 0, 0}));
  const auto line = load_error(folder);
  EXPECT_TRUE(mentions(line, "expected images of one size, got 4 of 32x32 (the first ")) << line;
  EXPECT_TRUE(mentions(line, "1 of 32x33 (the first ")) << line;
  EXPECT_TRUE(mentions(line, "wide.png")) << line;
  EXPECT_TRUE(mentions(line, "`image_size` 32")) << line;
  EXPECT_EQ(load_error(folder, {.train = false, .limit_test = 1}), line);
  std::filesystem::remove(folder / "train/cat/wide.png");
  put_image(folder / "train/cat/c.png", plain(16, 16, {12, 0, 0}));
  EXPECT_TRUE(mentions(load_error(folder), "1 of 16x16 (the first "));
}

TEST(ImageFolder, ASizeThatIsSaidTakesFilesOfThatSizeAsTheyAreAndResizesOthersWithAWarning) {
  const ScratchFolder folder;
  put_small(folder.path(), 32);
  put_image(folder / "train/cat/wide.png", plain(64, 66, {12, 0, 0}));
  put_image(folder / "train/cat/small.png", plain(9, 8, {13, 0, 0}));
  const Dataset data = load(folder, {.image_size = 32});
  EXPECT_EQ(reds(data.train), (std::vector<int>{0, 10, 11, 13, 12}));
  EXPECT_EQ(data.train.pixels.size(), 5u * 32 * 32 * 3);
  EXPECT_EQ(data.train.file_of(4), folder / "train/cat/wide.png");
  ASSERT_EQ(data.warnings.size(), 1u);
  EXPECT_TRUE(mentions(data.warnings[0], "resized to 32x32: 1 of 9x8")) << data.warnings[0];
}

TEST(ImageFolder, LargerOrUnequalImagesAreStreamedAsCrops) {
  const ScratchFolder folder;
  put_small(folder.path(), 80);
  put_image(folder / "train/cat/c.png", test::graded(100, 140));
  const Dataset data = load(folder, {.seed = 3});
  ASSERT_FALSE(data.train.resident());
  EXPECT_EQ(data.train.height, 224);
  EXPECT_EQ(data.normalization, normalizations::imagenet);
  EXPECT_TRUE(data.train.pixels.empty());
  const auto read = [](const Split& split, std::vector<std::int32_t> ids, std::uint64_t epoch) {
    std::vector<std::uint8_t> out(ids.size() * 224 * 224 * 3);
    split.read(ids, epoch, out);
    return out;
  };
  const auto alone = read(data.train, {3}, 0), pair = read(data.train, {1, 3}, 0);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), pair.begin() + 224 * 224 * 3));
  EXPECT_NE(alone, read(data.train, {3}, 1));
  EXPECT_EQ(read(data.test, {0}, 0), read(data.test, {0}, 1));
  EXPECT_NE(alone, read(load(folder, {.seed = 4}).train, {3}, 0));
}

TEST(ImageFolder, SmallImagesThatAreNotSquareOrTinyAreCropsToo) {
  for (const auto& [height, width] : {std::pair{32, 48}, {48, 32}, {7, 7}}) {
    const ScratchFolder folder;
    put_image(folder / "train/ant/a.png", plain(height, width, {1, 2, 3}));
    const Dataset data = load(folder, {.test = false});
    EXPECT_FALSE(data.train.resident()) << height << "x" << width;
    EXPECT_EQ(data.train.height, 224);
    EXPECT_EQ(data.train.width, 224);
  }
}

TEST(ImageFolder, ABrokenStreamedJpegStopsTheBatchOrIsLeftOutBeforeTheRun) {
  const ScratchFolder folder;
  put_small(folder.path(), 80);
  test::put_jpeg(folder / "train/cat/c.jpg", test::graded(90, 90));
  const std::string bytes = read_text(folder / "train/cat/c.jpg");
  put(folder / "train/cat/c.jpg", bytes.substr(0, bytes.size() / 2));
  const Dataset data = load(folder);
  ASSERT_EQ(data.train.size(), 4);
  std::vector<std::uint8_t> out(224 * 224 * 3);
  const auto line =
      message_of<InputError>([&] { data.train.read(std::vector<std::int32_t>{3}, 0, out); });
  EXPECT_TRUE(mentions(line, "c.jpg: expected a whole")) << line;
  testing::internal::CaptureStderr();
  const Dataset rest = load(folder, {.broken = BrokenImages::skip});
  EXPECT_TRUE(mentions(testing::internal::GetCapturedStderr(), "c.jpg"));
  EXPECT_EQ(rest.train.labels, (Labels{0, 1, 1}));
}

TEST(ImageNet, AFewFoldersKeepTheLabelsOfTheThousand) {
  const ScratchFolder folder;
  put_image(folder / "val/n15075141/toilet_tissue.png", plain(40, 30, {1, 2, 3}));
  put_image(folder / "val/n01443537/goldfish.png", plain(40, 30, {1, 2, 3}));
  const std::string spec = "imagenet:" + folder.path().string();
  const Dataset data = load_dataset(spec, {.train = false});
  EXPECT_EQ(data.test.labels, (Labels{1, 999}));
  EXPECT_EQ(data.test.height, 224);
  EXPECT_EQ(data.classes.size(), 1000u);
  EXPECT_EQ(data.normalization, normalizations::imagenet);
  put_image(folder / "val/n00000000/nothing.png", plain(40, 30, {1, 2, 3}));
  EXPECT_TRUE(
      mentions(message_of<InputError>([&] { load_dataset(spec, {.train = false}); }), "n00000000"));
}

}  // namespace
}  // namespace robmask
