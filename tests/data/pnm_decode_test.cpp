// PNM files to RGB bytes.

#include "tests/data/decoded.h"

namespace robmask::test {
namespace {

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

}  // namespace
}  // namespace robmask::test
