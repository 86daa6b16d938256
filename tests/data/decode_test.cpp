// Image files to RGB bytes.

#include "data/decode.h"

#include <atomic>
#include <thread>

#include "tests/data/pictures.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

using test::jpeg_bytes;
using test::mentions;
using test::message_of;
using test::png_bytes;
using test::png_chunk;
using test::PngKind;
using test::ScratchFolder;

using namespace std::string_literals;
using Bytes = std::vector<std::uint8_t>;

Bytes pixels_of(std::string_view bytes) { return decode_bytes(bytes, "x").pixels; }

std::string refusal_of(std::string_view bytes) {
  const auto line = message_of<InputError>([&] { decode_bytes(bytes, "x"); });
  EXPECT_TRUE(line.starts_with("x: expected ")) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  return line;
}

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

std::string file_of(void (*put)(const Path&, const Image&), const Image& image) {
  const ScratchFolder folder;
  put(folder / "x", image);
  return read_text(folder / "x");
}

/// The largest difference between a decoded picture and the one it was made of.
int worst(std::string_view bytes, const Image& image) {
  const Image read = decode_bytes(bytes, "x");
  EXPECT_EQ(read.height, image.height);
  EXPECT_EQ(read.width, image.width);
  int most = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    most = std::max(most, std::abs(int{read.pixels[i]} - int{image.pixels[i]}));
  return most;
}

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

TEST(Decode, TheHighByteOfSixteenBitsStays) {
  const std::string two{"\x12\xff\xab\x00", 4};
  const Bytes gray{0x12, 0x12, 0x12, 0xab, 0xab, 0xab};
  EXPECT_EQ(pixels_of(png_bytes(1, 2, 16, PngKind::gray, two)), gray);
  EXPECT_EQ(pixels_of("P5 2 1 65535\n" + two), gray);
  EXPECT_EQ(pixels_of("P6 1 1 65535\n" + two + "\x01\xff"), (Bytes{0x12, 0xab, 0x01}));
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

TEST(Decode, JpegsOfEveryFormComeBackAlike) {
  const Image image = test::graded(37, 53);
  for (const bool progressive : {false, true})
    for (const unsigned restart_interval : {0u, 3u})
      EXPECT_LE(
          worst(jpeg_bytes(37, 53, image.pixels,
                           {.progressive = progressive, .restart_interval = restart_interval}),
                image),
          4);
  EXPECT_LE(worst(jpeg_bytes(9, 9, Bytes(81, 77)), test::plain(9, 9, {77, 77, 77})), 1);
}

TEST(Decode, InksOfAJpegAreStoredInvertedWithAndWithoutAdobesMarker) {
  Bytes inks;
  for (int i = 0; i < 16 * 16; ++i) inks.insert(inks.end(), {200, 100, 50, 128});
  const Image light = test::plain(16, 16, {100, 50, 25});  // ink · key / 255
  const std::string marked = jpeg_bytes(16, 16, inks),
                    plain = jpeg_bytes(16, 16, inks, {.adobe = false});
  EXPECT_TRUE(mentions(marked, "Adobe"));
  EXPECT_FALSE(mentions(plain, "Adobe"));
  EXPECT_LE(worst(marked, light), 2);
  EXPECT_LE(worst(plain, light), 2);
  EXPECT_LE(worst(jpeg_bytes(16, 16, inks, {.ycck = true}), light), 2);
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

TEST(Decode, BytesBehindAJpegDoNotMatter) {
  const Image image = test::graded(24, 24);
  const std::string bytes = jpeg_bytes(24, 24, image.pixels);
  for (const std::string& more :
       {std::string("ftypmp42 \xFF\xDA film"), std::string(3, '\0'), bytes})
    EXPECT_EQ(pixels_of(bytes + more), pixels_of(bytes));
}

TEST(Decode, HuffmanCountsAbove256AreRefused) {
  const std::string bytes = jpeg_bytes(8, 8, Bytes(64, 9));
  const std::string counts =
      std::string("\xFF\xC4\x01\x13\x00", 5) + std::string(16, '\x20') + std::string(256, '\1');
  EXPECT_TRUE(mentions(refusal_of(bytes.substr(0, 2) + counts + bytes.substr(2)),
                       "got a JPEG that libjpeg refuses: 'Bogus Huffman table definition'"));
}

TEST(Decode, AJpegWithAPieceMissingIsRefused) {
  const std::string bytes = jpeg_bytes(64, 64, test::graded(64, 64).pixels);
  const std::size_t scan = bytes.rfind("\xFF\xDA");
  for (const double part : {0.3, 0.6, 0.9}) {
    const auto at =
        scan + static_cast<std::size_t>(part * static_cast<double>(bytes.size() - scan));
    std::string missing = bytes;
    refusal_of(missing.erase(at, 90));
  }
}

/// Bytes cut at every `step`th place are refused, as what they are.
void expect_no_part_is_read(const std::string& bytes, std::size_t step) {
  EXPECT_NO_THROW(pixels_of(bytes));
  for (std::size_t size = 0; size < bytes.size(); size += step)
    EXPECT_THROW(pixels_of(std::string_view(bytes).substr(0, size)), InputError) << size;
}

TEST(Decode, AJpegCutShortAnywhereIsRefusedByName) {
  const ScratchFolder folder;
  test::put_jpeg(folder / "whole.jpg", test::graded(40, 40));
  const Image image = decode_image(folder / "whole.jpg");
  EXPECT_NEAR(image.pixels[3 * (40 * 20 + 30) + 1], 30, 12);
  const std::string bytes = read_text(folder / "whole.jpg");
  expect_no_part_is_read(bytes, 37);
  test::put(folder / "cut.jpg", bytes.substr(0, bytes.size() - 1));
  const auto line = message_of<InputError>([&] { decode_image(folder / "cut.jpg"); });
  EXPECT_TRUE(line.starts_with((folder / "cut.jpg").string() + ": ")) << line;
  EXPECT_TRUE(mentions(line, "got a JPEG that was cut short")) << line;
  expect_no_part_is_read(jpeg_bytes(40, 40, test::graded(40, 40).pixels, {.progressive = true}),
                         37);
}

TEST(Decode, APngCutShortAnywhereIsRefused) {
  expect_no_part_is_read(png_bytes(2, 2, 8, PngKind::colour, "abcdefghijkl"), 1);
  expect_no_part_is_read(file_of(test::put_png, test::graded(20, 20)), 37);
}

TEST(Decode, APnmCutShortAnywhereIsRefused) {
  for (const char* head : {"P5\n7 5\n255\n", "P6 7 5 255 ", "P6\n# seven\n7 #\n5\n255\n"}) {
    const Index channels = head[1] == '6' ? 3 : 1;
    expect_no_part_is_read(head + std::string(static_cast<std::size_t>(7 * 5 * channels), '\x40'),
                           1);
  }
  expect_no_part_is_read("P6 7 5 65535\n" + std::string(7 * 5 * 3 * 2, '\x40'), 1);
  expect_no_part_is_read("P4 9 2\n\x01\x02\x03\x04", 1);
  expect_no_part_is_read("P3 1 2 9\n1 2 3 4 5 6", 1);
  expect_no_part_is_read("P1 3 2\n010\n101", 1);
}

TEST(Decode, APnmIsScaledByItsMaximum) {
  EXPECT_EQ(pixels_of({"P5 3 1 15\n\x00\x07\x0f", 13}),
            (Bytes{0, 0, 0, 119, 119, 119, 255, 255, 255}));
  EXPECT_EQ(pixels_of("P6 1 1 100\n\x32\x64\x01"), (Bytes{128, 255, 3}));
  EXPECT_EQ(pixels_of({"P5 2 1 1000\n\x01\xf4\x03\xe8", 16}),
            (Bytes{128, 128, 128, 255, 255, 255}));
  EXPECT_EQ(pixels_of("P2 2 1 3\n1 # one\n3"), (Bytes{85, 85, 85, 255, 255, 255}));
  EXPECT_EQ(pixels_of("P3 1 1 255\n1 2 3\n"), (Bytes{1, 2, 3}));
  EXPECT_EQ(pixels_of("P4 2 1\n\x40"), (Bytes{255, 255, 255, 0, 0, 0}));
  EXPECT_EQ(pixels_of("P1 2 1\n01"), (Bytes{255, 255, 255, 0, 0, 0}));
  EXPECT_TRUE(mentions(refusal_of("P5 1 1 0\nx"), "got a PNM with a maximum of 0"));
  EXPECT_TRUE(mentions(refusal_of("P5 1 1 65536\nxx"), "with a maximum of 65536"));
  EXPECT_TRUE(mentions(refusal_of("P2 1 1 9\n10"), "the value 10, above its maximum 9"));
  EXPECT_TRUE(mentions(refusal_of("P5 x 1 9\n10"), "lacks a number"));
}

/// A BMP of 40 bytes of head, what follows it, and its rows.
std::string bmp_bytes(int width, int height, int bits, const std::string& rows,
                      const std::string& after = {}, int compression = 0) {
  std::string head = "BM";
  const auto add = [&](std::size_t value, int count) {
    for (int i = 0; i < count; ++i) head += static_cast<char>(value >> (8 * i) & 255);
  };
  add(0, 8);
  for (const std::size_t value : {54 + after.size(), std::size_t{40}}) add(value, 4);
  for (const int value : {width, height}) add(static_cast<std::uint32_t>(value), 4);
  for (const int value : {1, bits}) add(static_cast<std::size_t>(value), 2);
  add(static_cast<std::size_t>(compression), 4);
  return head + std::string(20, '\0') + after + rows;
}

TEST(Decode, ABmpCutShortAnywhereIsRefused) {
  const std::string bytes = file_of(test::put_bmp, test::graded(9, 8));
  EXPECT_EQ(pixels_of(bytes), test::graded(9, 8).pixels);
  expect_no_part_is_read(bytes, 3);
}

TEST(Decode, ABmpWithoutThePaddingOfItsLastRowIsWhole) {
  const std::string bytes =
      file_of(test::put_bmp, test::graded(9, 7));  // 21 bytes a row, 3 of padding
  EXPECT_EQ(pixels_of(bytes.substr(0, bytes.size() - 3)), test::graded(9, 7).pixels);
  EXPECT_TRUE(
      mentions(refusal_of(bytes.substr(0, bytes.size() - 4)), "got a BMP that was cut short"));
}

TEST(Decode, ABmpsRowsMayComeFromTheTop) {
  const std::string rows = "cba\0fed\0"s;
  EXPECT_EQ(text_of(pixels_of(bmp_bytes(1, -2, 24, rows))), "abcdef");
  EXPECT_EQ(text_of(pixels_of(bmp_bytes(1, 2, 24, rows))), "defabc");
  const ScratchFolder folder;
  test::put(folder / "x", bmp_bytes(1, -2, 24, rows));
  EXPECT_EQ(read_image_size(folder / "x").height, 2);
}

TEST(Decode, ABmpsColoursThatAreNotThereAreBlack) {
  const std::string two = "cba\0fed\0"s;
  EXPECT_EQ(text_of(pixels_of(bmp_bytes(3, 1, 8, "\x00\x01\xfe\x00"s, two))), "abcdef\0\0\0"s);
  EXPECT_EQ(text_of(pixels_of(bmp_bytes(2, 1, 1, "\x40\0\0\0"s, two))), "abcdef");
  EXPECT_EQ(text_of(pixels_of(bmp_bytes(2, 1, 4, "\x10\0\0\0"s, two))), "defabc");
  EXPECT_TRUE(mentions(refusal_of(bmp_bytes(3, 1, 8, "\x00\x01\x02\x00"s)), "without a palette"));
}

TEST(Decode, ABmpsMasksAreFollowed) {
  EXPECT_EQ(pixels_of(bmp_bytes(1, 1, 16, "\x1f\x00\0\0"s)), (Bytes{0, 0, 255}));
  EXPECT_EQ(pixels_of(bmp_bytes(1, 1, 16, "\xe0\x07\0\0"s, "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0"s, 3)),
            (Bytes{0, 255, 0}));
  EXPECT_EQ(text_of(pixels_of(bmp_bytes(1, 1, 32, "cbax"))), "abc");
}

TEST(Decode, ABmpThatIsNotReadHereIsToldSo) {
  EXPECT_TRUE(
      mentions(refusal_of(bmp_bytes(1, 1, 8, "abcd", "abcd", 1)), "a BMP that is compressed"));
  EXPECT_TRUE(mentions(refusal_of(bmp_bytes(1, 1, 64, "abcdefgh")), "of 64 bits a pixel"));
  EXPECT_TRUE(mentions(refusal_of(bmp_bytes(0, 1, 24, "abcd")), "of 0x1 pixels"));
  EXPECT_TRUE(mentions(refusal_of(bmp_bytes(1, INT32_MIN, 24, "abcd")), "1x2147483648 pixels"));
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
}  // namespace robmask
