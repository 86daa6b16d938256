// Pictures come upright, as EXIF's orientation says.

#include <fstream>
#include <map>

#include "data/codecs/orientation.h"
#include "tests/data/decoded.h"
#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

std::string big(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}
std::string little(std::uint32_t value, int bytes) {
  const std::string text = big(value, bytes);
  return {text.rbegin(), text.rend()};
}

/// TIFF's head and a directory of two entries: an image width of 9, and the orientation.
std::string tiff(int orientation, bool intel) {
  const auto n = intel ? little : big;
  const auto entry = [&](std::uint32_t tag, std::uint32_t value) {
    return n(tag, 2) + n(3, 2) + n(1, 4) + n(value, 2) + n(0, 2);
  };
  return (intel ? "II" : "MM") + n(42, 2) + n(8, 4) + n(2, 2) + entry(0x0100, 9) +
         entry(0x0112, static_cast<std::uint32_t>(orientation)) + n(0, 4);
}

/// With a segment of that marker behind a JPEG's first two bytes.
std::string with_segment(const std::string& jpeg, char marker, const std::string& body) {
  return jpeg.substr(0, 2) + '\xFF' + marker + big(static_cast<std::uint32_t>(body.size() + 2), 2) +
         body + jpeg.substr(2);
}
std::string exif_jpeg(const std::string& jpeg, int orientation, bool intel = true) {
  return with_segment(jpeg, '\xE1', std::string("Exif\0\0", 6) + tiff(orientation, intel));
}

TEST(Orientation, IsReadFromJpegsAndPngsInBothByteOrders) {
  const std::string jpeg = jpeg_bytes(8, 8, Bytes(64, 9));
  for (const bool intel : {false, true})
    for (int o = 1; o <= 8; ++o) {
      EXPECT_EQ(exif_orientation(exif_jpeg(jpeg, o, intel)), o);
      const std::string png = png_bytes(1, 1, 8, PngKind::gray, std::string(2, '\0'),
                                        png_chunk("eXIf", tiff(o, intel)));
      EXPECT_EQ(exif_orientation(png), o);
    }
}

TEST(Orientation, IsFoundBehindOtherSegmentsOnly) {
  const std::string jpeg = jpeg_bytes(8, 8, Bytes(64, 9));
  EXPECT_EQ(exif_orientation(with_segment(exif_jpeg(jpeg, 6), '\xE0', "JFIF")), 6);
  EXPECT_EQ(exif_orientation(with_segment(exif_jpeg(jpeg, 6), '\xE1', "http://ns.adobe.com/xap")),
            6);
  EXPECT_EQ(exif_orientation(jpeg + exif_jpeg(jpeg, 6)), 1);  // of the first picture
}

TEST(Orientation, IsAsStoredWhereNothingSoundSaysOtherwise) {
  const std::string jpeg = jpeg_bytes(8, 8, Bytes(64, 9));
  for (const int none : {0, 9, 65535}) EXPECT_EQ(exif_orientation(exif_jpeg(jpeg, none)), 1);
  EXPECT_EQ(exif_orientation(jpeg), 1);
  EXPECT_EQ(exif_orientation(""), 1);
  const std::string whole = exif_jpeg(jpeg, 6);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {  // cut anywhere: no crash
    const int found = exif_orientation(std::string_view(whole).substr(0, bytes));
    EXPECT_TRUE(found == 1 || found == 6);
  }
  std::string far = tiff(6, true);
  far.replace(4, 4, "\xFF\xFF\xFF\xFF");  // a directory behind the end
  EXPECT_EQ(exif_orientation(with_segment(jpeg, '\xE1', std::string("Exif\0\0", 6) + far)), 1);
}

/// EXIF's own words: where the first row and the first column of what is stored are seen.
struct Sides {
  const char *row, *column;
};
const std::map<int, Sides> seen{
    {1, {"top", "left"}}, {2, {"top", "right"}}, {3, {"bottom", "right"}}, {4, {"bottom", "left"}},
    {5, {"left", "top"}}, {6, {"right", "top"}}, {7, {"right", "bottom"}}, {8, {"left", "bottom"}}};

TEST(Orientation, RowsAndColumnsAreSeenWhereTheStandardPutsThem) {
  const Image stored = graded(3, 5);
  for (const auto& [orientation, sides] : seen) {
    const Image image = upright(stored, orientation);
    const std::string row = sides.row, column = sides.column;
    const bool across = row == "left" || row == "right";
    ASSERT_EQ(image.height, across ? 5 : 3);
    ASSERT_EQ(image.width, across ? 3 : 5);
    for (Index r = 0; r < 3; ++r)
      for (Index c = 0; c < 5; ++c) {
        const Index from_row = row == "top" || row == "left" ? r : 2 - r;
        const Index from_column = column == "left" || column == "top" ? c : 4 - c;
        const Index y = across ? from_column : from_row, x = across ? from_row : from_column;
        const std::uint8_t* pixel = image.pixels.data() + (y * image.width + x) * 3;
        EXPECT_EQ(Bytes(pixel, pixel + 3), Bytes(stored.pixels.data() + (r * 5 + c) * 3,
                                                 stored.pixels.data() + (r * 5 + c) * 3 + 3))
            << orientation << ": " << r << ", " << c;
      }
  }
}

TEST(Orientation, IsFollowedForPicturesThatPeopleLookAtOnly) {
  ScratchFolder folder;
  const Path file = folder / "turned.jpg";
  std::ofstream(file) << exif_jpeg(jpeg_bytes(8, 16, graded(8, 16).pixels), 6);
  EXPECT_EQ(decode_image(file).width, 16);  // as torchvision's data sets see it
  with_image(file, usual_max_pixels, [](const Image& image) { EXPECT_EQ(image.width, 16); });
  with_upright(file, usual_max_pixels, [](const Image& image) {
    EXPECT_EQ(image.width, 8);
    EXPECT_EQ(image.height, 16);
  });
}

}  // namespace
}  // namespace robmask::test
