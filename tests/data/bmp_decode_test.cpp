// BMP files to RGB bytes.

#include "tests/data/decoded.h"

namespace robmask::test {
namespace {

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

}  // namespace
}  // namespace robmask::test
