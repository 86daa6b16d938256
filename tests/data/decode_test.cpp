// Image files to RGB bytes.

#include "data/decode.h"

#include "tests/data/pictures.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

using test::message_of;
using test::ScratchFolder;

using Bytes = std::vector<std::uint8_t>;

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

TEST(Decode, ContentDecidesNotTheEnding) {
  const ScratchFolder folder;
  test::put_png(folder / "png.jpg", test::plain(2, 2, {1, 2, 3}));
  EXPECT_EQ(decode_image(folder / "png.jpg").pixels[2], 3);
}

TEST(Decode, AJpegCutShortAnywhereIsRefusedByName) {
  const ScratchFolder folder;
  test::put_jpeg(folder / "whole.jpg", test::graded(40, 40));
  const Image image = decode_image(folder / "whole.jpg");
  EXPECT_NEAR(image.pixels[3 * (40 * 20 + 30) + 1], 30, 12);
  const std::string bytes = read_text(folder / "whole.jpg");
  for (std::size_t size = 0; size < bytes.size(); size += 37) {
    test::put(folder / "cut.jpg", bytes.substr(0, size));
    const auto line = message_of<InputError>([&] { decode_image(folder / "cut.jpg"); });
    EXPECT_TRUE(line.starts_with((folder / "cut.jpg").string() + ": ")) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(Decode, APngCutShortAnywhereIsRefused) {
  const ScratchFolder folder;
  test::put_png(folder / "whole.png", test::graded(20, 20));
  const std::string bytes = read_text(folder / "whole.png");
  for (std::size_t size = 0; size + 16 < bytes.size(); size += 11) {
    test::put(folder / "cut.png", bytes.substr(0, size));
    EXPECT_THROW(decode_image(folder / "cut.png"), InputError) << size;
  }
}

/// Every third length of the file but the whole one is refused.
void expect_no_part_is_read(const ScratchFolder& folder, const std::string& bytes) {
  test::put(folder / "whole", bytes);
  EXPECT_NO_THROW(decode_image(folder / "whole"));
  for (std::size_t size = 0; size < bytes.size(); size += 3) {
    test::put(folder / "cut", bytes.substr(0, size));
    EXPECT_THROW(decode_image(folder / "cut"), InputError) << size;
  }
}

TEST(Decode, APnmCutShortAnywhereIsRefused) {
  const ScratchFolder folder;
  for (const char* head : {"P5\n7 5\n255\n", "P6 7 5 255 ", "P6\n# seven\n7 #\n5\n255\n"}) {
    const Index channels = head[1] == '6' ? 3 : 1;
    expect_no_part_is_read(folder,
                           head + std::string(static_cast<std::size_t>(7 * 5 * channels), '\x40'));
  }
  expect_no_part_is_read(folder, "P6 7 5 65535\n" + std::string(7 * 5 * 3 * 2, '\x40'));
}

TEST(Decode, ABmpCutShortAnywhereIsRefused) {
  const ScratchFolder folder;
  test::put_bmp(folder / "a.bmp", test::graded(9, 8));
  EXPECT_EQ(decode_image(folder / "a.bmp").pixels, test::graded(9, 8).pixels);
  expect_no_part_is_read(folder, read_text(folder / "a.bmp"));
}

TEST(Decode, ABmpWithoutThePaddingOfItsLastRowIsWhole) {
  const ScratchFolder folder;
  test::put_bmp(folder / "a.bmp", test::graded(9, 7));  // 21 bytes a row, and 3 of padding
  const std::string bytes = read_text(folder / "a.bmp");
  test::put(folder / "b.bmp", bytes.substr(0, bytes.size() - 3));
  EXPECT_EQ(decode_image(folder / "b.bmp").pixels, test::graded(9, 7).pixels);
  test::put(folder / "b.bmp", bytes.substr(0, bytes.size() - 4));
  EXPECT_THROW(decode_image(folder / "b.bmp"), InputError);
}

TEST(Decode, AnImageTooLargeToHoldIsRefusedFromItsHead) {
  const ScratchFolder folder;
  test::put(folder / "bomb.ppm", "P6\n60000 60000\n255\n");
  const auto line = message_of<InputError>([&] { decode_image(folder / "bomb.ppm"); });
  EXPECT_NE(line.find("2^28"), std::string::npos) << line;
}

TEST(Decode, ImageFilesAreToldByTheirEnding) {
  for (const char* name : {"a.jpg", "a.JPEG", "a.b.png", "a.bmp", "a.ppm"}) {
    EXPECT_TRUE(is_image_file(name)) << name;
  }
  for (const char* name : {"a.txt", "jpg", "a", "a.npy"}) EXPECT_FALSE(is_image_file(name)) << name;
}

}  // namespace
}  // namespace robmask
