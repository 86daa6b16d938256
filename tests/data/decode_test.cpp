// Image files to RGB bytes, of any format.

#include <atomic>
#include <thread>

#include "tests/data/decoded.h"

namespace robmask::test {
namespace {

TEST(Decode, ContentDecidesNotTheEnding) {
  const ScratchFolder folder;
  test::put_png(folder / "png.jpg", test::plain(2, 2, {1, 2, 3}));
  EXPECT_EQ(decode_image(folder / "png.jpg").pixels[2], 3);
}

TEST(Decode, TheHighByteOfSixteenBitsStays) {
  const std::string two{"\x12\xff\xab\x00", 4};
  const Bytes gray{0x12, 0x12, 0x12, 0xab, 0xab, 0xab};
  EXPECT_EQ(pixels_of(png_bytes(1, 2, 16, PngKind::gray, two)), gray);
  EXPECT_EQ(pixels_of("P5 2 1 65535\n" + two), gray);
  EXPECT_EQ(pixels_of("P6 1 1 65535\n" + two + "\x01\xff"), (Bytes{0x12, 0xab, 0x01}));
}

TEST(Decode, TheSizeIsInTheHeadHoweverLongThatIs) {
  const ScratchFolder folder;
  const std::string bytes = jpeg_bytes(24, 40, test::graded(24, 40).pixels);
  const std::string segment = "\xFF\xE1\xEA\x62" + std::string(60'000, 'x');  // such as EXIF's
  test::put(folder / "x", bytes.substr(0, 2) + segment + segment + bytes.substr(2));
  EXPECT_EQ(read_image_size(folder / "x").width, 40);
  test::put(folder / "x", png_bytes(3, 5, 8, PngKind::gray, "").substr(0, 40));
  EXPECT_EQ(read_image_size(folder / "x").width, 5);
}

TEST(Decode, FlippedBitsNeverDoMoreThanChangePixels) {
  const std::string text = "P3 2 2 9\n1 2 3 4 5 6 7 8 9 1 2 3";
  for (const std::string& bytes :
       {jpeg_bytes(17, 9, test::graded(17, 9).pixels, {.restart_interval = 2}),
        jpeg_bytes(17, 9, test::graded(17, 9).pixels, {.progressive = true}), text,
        "P6 3 2 300\n" + std::string(36, '\x01'), bmp_bytes(3, 2, 24, std::string(24, 'a')),
        bmp_bytes(3, 2, 8, "\0\1\2\3\2\1\0\1"s, std::string(12, 'a')),
        bmp_bytes(1, 1, 16, "\xe0\x07\0\0"s, "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0"s, 3)}) {
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
      try {
        decode_bytes(flipped, "x", 1 << 16);
      } catch (const InputError&) {
      }
    }
  }
}

TEST(Decode, AnImageOfMorePixelsThanAllowedIsRefusedFromItsHead) {
  const std::string bytes = png_bytes(2, 3, 8, PngKind::gray, "abcdef");
  EXPECT_EQ(decode_bytes(bytes, "x", 6).width, 3);
  const auto line = message_of<InputError>([&] { decode_bytes(bytes, "x", 5); });
  EXPECT_TRUE(mentions(line, "at most 5 pixels (`max_pixels`), got a PNG of 3x2 pixels")) << line;
  EXPECT_TRUE(mentions(refusal_of(png_bytes(9000, 9000, 8, PngKind::gray, "")), "9000x9000"));
  EXPECT_TRUE(mentions(refusal_of(png_bytes(1, 70000, 8, PngKind::gray, "")), "65536 a side"));
}

TEST(Decode, LargeImagesAreHeldOneAtATime) {
  const ScratchFolder folder;
  test::put(folder / "x.pbm", "P4 8000 5000\n" + std::string(5'000'000, '\x0f'));
  std::atomic<int> held = 0, most = 0;
  const auto work = [&] {
    with_image(folder / "x.pbm", usual_max_pixels, [&](const Image& image) {
      EXPECT_EQ(image.pixels.size(), 120'000'000u);
      most = std::max(most.load(), ++held);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      --held;
    });
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(most, 1);
}

TEST(Decode, AFileOfAnotherFormatIsNamed) {
  const std::pair<std::string, const char*> others[] = {
      {"RIFF\x10\0\0\0WEBPVP8 "s, "a WebP picture"},
      {"\0\0\0 ftypavif\0\0"s, "an AVIF picture"},
      {"\0\0\0 ftypheic\0\0"s, "a HEIC picture"},
      {"II*\0"s, "a TIFF picture"},
      {"GIF89a", "a GIF picture"},
      {"%PDF-1.4", "a PDF document"},
      {"<!doctype html>", "a web page"},
      {"version https://git-lfs.github.com", "a pointer of Git LFS"},
      {"", "an empty file"},
      {"P7\nWIDTH", "a file that begins with 'P7\\x0aWIDTH'"}};
  for (const auto& [bytes, words] : others)
    EXPECT_TRUE(mentions(refusal_of(bytes), ", got "s + words)) << words;
}

TEST(Decode, ImageFilesAreToldByTheirEnding) {
  for (const char* name :
       {"a.jpg", "a.JPEG", "a.b.png", "a.bmp", "a.ppm", "a.Jfif", "a.jpe", "a.pbm", "a.pnm"}) {
    EXPECT_TRUE(is_image_file(name)) << name;
  }
  for (const char* name : {"a.txt", "jpg", "a", "a.npy"}) EXPECT_FALSE(is_image_file(name)) << name;
}

}  // namespace
}  // namespace robmask::test
