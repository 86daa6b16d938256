#include "data/files/tile_rows.h"

#include <cstdlib>

#include "data/files/gnuplot.h"
#include "data/files/png.h"
#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

const Shape two{2, 4, 4, 3};
const std::vector<TileRow> rows{
    {"clean", std::vector<std::uint8_t>(96, 200)},
    {"attacked", std::vector<std::uint8_t>(96, 90), {"not attacked", ""}}};

/// A PNG file's width and height: two big-endian numbers after its signature and a chunk's head.
std::pair<int, int> size_of(const std::string& png) {
  const auto number = [&](int at) {
    int value = 0;
    for (int i = 0; i < 4; ++i) value = 256 * value + static_cast<unsigned char>(png[at + i]);
    return value;
  };
  return {number(16), number(20)};
}

}  // namespace

TEST(TileRows, NamesStandToTheLeftAndACaptionBelow) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  const ScratchFolder folder;
  EXPECT_TRUE(draw_tile_rows(rows, two, "a caption", folder / "named.png"));
  const auto [width, height] = size_of(read_text(folder / "named.png"));
  EXPECT_GT(width, 33 + 200);  // two images, three lines between and around, each pixel three wide
  EXPECT_GT(height, 33 + 30);
  const std::string with_caption = read_text(folder / "named.png");
  EXPECT_TRUE(draw_tile_rows(rows, two, "", folder / "named.png"));
  EXPECT_NE(read_text(folder / "named.png"), with_caption);
}

TEST(TileRows, WithoutGnuplotTheImagesAreStillWritten) {
  const ScratchFolder folder;
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  testing::internal::CaptureStderr();
  const bool drawn = draw_tile_rows(rows, two, "a caption", folder / "a.png");
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_FALSE(drawn);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("apt install gnuplot-nox"),
            std::string::npos);
  EXPECT_EQ(size_of(read_text(folder / "a.png")), std::pair(33, 33));
}

}  // namespace robmask::test
