// Pictures of one's own: any size, any way up, resized and cropped as a network was tested.

#include "data/pictures.h"

#include <gtest/gtest.h>

#include <fstream>

#include "data/crops.h"
#include "data/listing.h"
#include "tests/data/pictures.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

class PicturesTest : public testing::Test {
 protected:
  test::ScratchFolder folder_;
};

TEST_F(PicturesTest, OfEachSizeBecomeTheViewThatTheNetworkWasTestedOn) {
  test::put_png(folder_ / "a.png", test::graded(48, 64));
  test::put_png(folder_ / "b.png", test::graded(32, 32));
  const Pictures small = read_pictures({folder_ / "a.png", folder_ / "b.png"}, 32);
  ASSERT_EQ(small.split.size(), 2);
  EXPECT_EQ(small.sizes[0].height, 48);
  EXPECT_EQ(small.sizes[0].width, 64);
  const Image first = fitted(test::graded(48, 64), 32), second = test::graded(32, 32);
  std::vector<std::uint8_t> both = first.pixels;
  both.insert(both.end(), second.pixels.begin(), second.pixels.end());
  EXPECT_EQ(small.split.pixels, both);
  const Pictures large = read_pictures({folder_ / "a.png"}, 224);
  EXPECT_EQ(large.split.pixels, test_view(test::graded(48, 64), 224).pixels);
}

TEST_F(PicturesTest, ThatAreBrokenStopOrAreSkippedAndToldOf) {
  test::put_png(folder_ / "a.png", test::graded(8, 8));
  std::ofstream(folder_ / "b.png") << "no picture";
  const std::vector<Path> files{folder_ / "b.png", folder_ / "a.png"};
  EXPECT_THROW(read_pictures(files, 8), InputError);
  const Pictures some = read_pictures(files, 8, BrokenImages::skip);
  EXPECT_EQ(some.split.size(), 1);
  EXPECT_EQ(some.split.files.front(), folder_ / "a.png");
  ASSERT_EQ(some.skipped.size(), 1u);
  EXPECT_NE(some.skipped.front().find("b.png"), std::string::npos);
}

TEST_F(PicturesTest, AreFoundInFlatAndDeepFoldersInTheOrderOfTheNames) {
  std::filesystem::create_directories(folder_ / "photos" / "more");
  test::put_png(folder_ / "photos" / "b.png", test::graded(8, 8));
  test::put_png(folder_ / "photos" / "more" / "a.png", test::graded(8, 8));
  test::put_png(folder_ / "z, 1.png", test::graded(8, 8));
  std::ofstream(folder_ / "photos" / "c.webp") << "RIFF";
  const Listing listing = list_pictures({folder_ / "z, 1.png", folder_ / "photos"});
  EXPECT_EQ(listing.files, (std::vector<Path>{folder_ / "z, 1.png", folder_ / "photos" / "b.png",
                                              folder_ / "photos" / "more" / "a.png"}));
  EXPECT_NE(listing.left_out.find("c.webp"), std::string::npos);
  EXPECT_THROW(list_pictures({folder_ / "nothing.png"}), InputError);
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THROW(list_pictures({folder_ / "empty"}), InputError);
}

}  // namespace
}  // namespace robmask
