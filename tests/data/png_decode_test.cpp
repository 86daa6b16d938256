// PNG files to RGB bytes.

#include "tests/data/decoded.h"

namespace robmask::test {
namespace {

TEST(Decode, APngComesBackByteForByte) {
  const ScratchFolder folder;
  const Image image = test::graded(5, 9);
  test::put_png(folder / "a.png", image);
  const Image read = decode_image(folder / "a.png");
  EXPECT_EQ(read.height, 5);
  EXPECT_EQ(read.width, 9);
  EXPECT_EQ(read.pixels, image.pixels);
}

TEST(Decode, GrayBecomesThreeEqualChannels) {
  const ScratchFolder folder;
  test::put_gray_png(folder / "gray.png", 1, 2, 77);
  EXPECT_EQ(decode_image(folder / "gray.png").pixels, Bytes(6, 77));
}

TEST(Decode, APaletteIsLookedUp) {
  const ScratchFolder folder;
  test::put_palette_png(folder / "palette.png", {10, 20, 30, 200, 100, 0});
  EXPECT_EQ(decode_image(folder / "palette.png").pixels, (Bytes{10, 20, 30, 200, 100, 0}));
}

TEST(Decode, FewBitsOfAPngAreSpreadOver255) {
  EXPECT_EQ(pixels_of(png_bytes(1, 2, 1, PngKind::gray, "\x40")), (Bytes{0, 0, 0, 255, 255, 255}));
  EXPECT_EQ(pixels_of(png_bytes(1, 2, 2, PngKind::gray, "\x60")),
            (Bytes{85, 85, 85, 170, 170, 170}));
  EXPECT_EQ(pixels_of(png_bytes(1, 1, 4, PngKind::gray, "\x50")), Bytes(3, 85));
}

TEST(Decode, TransparencyIsDroppedNotComposited) {
  EXPECT_EQ(pixels_of(png_bytes(1, 1, 8, PngKind::gray_alpha, {'\x50', '\0'})), Bytes(3, 80));
  EXPECT_EQ(pixels_of(png_bytes(1, 1, 8, PngKind::colour_alpha, {'\1', '\2', '\3', '\0'})),
            (Bytes{1, 2, 3}));
  const std::string colours = png_chunk("PLTE", "abcdef") + png_chunk("tRNS", {'\0'});
  EXPECT_EQ(pixels_of(png_bytes(1, 2, 8, PngKind::palette, {'\0', '\1'}, colours)),
            (Bytes{'a', 'b', 'c', 'd', 'e', 'f'}));
}

TEST(Decode, AFlippedBitAnywhereInAPngIsNoticed) {
  const std::string bytes =
      png_bytes(2, 2, 8, PngKind::colour, "abcdefghijkl", png_chunk("tEXt", {"a\0b", 3}));
  EXPECT_NO_THROW(pixels_of(bytes));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_THROW(pixels_of(flipped), InputError) << bit;
  }
  std::string other = bytes;
  other[other.find("tEXt") + 4] = 'z';
  EXPECT_TRUE(mentions(refusal_of(other), "got a PNG whose chunk 'tEXt' at byte 33"));
}

TEST(Decode, WhatFollowsAPngAndWhatIsNoPixelOfItDoesNotMatter) {
  testing::internal::CaptureStderr();
  const std::string bytes = png_bytes(1, 1, 8, PngKind::colour, "abc",
                                      png_chunk("iCCP", "no profile") + png_chunk("gAMA", "abcd"));
  EXPECT_EQ(pixels_of(bytes + "appended"), (Bytes{'a', 'b', 'c'}));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Decode, APngWhoseDataGoOnFarBehindItsPixelsIsNotUnpacked) {
  const std::string much(std::size_t{64} << 20, 'd');
  EXPECT_TRUE(mentions(refusal_of(png_bytes(1, 1, 8, PngKind::colour, "abc" + much)), "too late"));
  EXPECT_EQ(pixels_of(png_bytes(1, 1, 8, PngKind::colour, "abc and a little")),
            (Bytes{'a', 'b', 'c'}));
}

TEST(Decode, ATooShortStreamInAPngIsRefused) {
  EXPECT_TRUE(mentions(refusal_of(png_bytes(2, 2, 8, PngKind::colour, "abcdef")),
                       "got a PNG that libpng refuses: 'Not enough image data'"));
}

TEST(Decode, APngCutShortAnywhereIsRefused) {
  expect_no_part_is_read(png_bytes(2, 2, 8, PngKind::colour, "abcdefghijkl"), 1);
  expect_no_part_is_read(file_of(test::put_png, test::graded(20, 20)), 37);
}

}  // namespace
}  // namespace robmask::test
