// JPEG files to RGB bytes.

#include "tests/data/decoded.h"

namespace robmask::test {
namespace {

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

}  // namespace
}  // namespace robmask::test
