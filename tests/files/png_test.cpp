#include "data/files/png.h"

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

#include "tests/files/scratch.h"

namespace robmask::test {

TEST(Png, APictureComesBackPixelForPixel) {
  const ScratchFolder folder;
  Picture picture{5, 7, std::vector<std::uint8_t>(5 * 7 * 3)};
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    picture.rgb[i] = static_cast<std::uint8_t>(37 * i);
  }
  write_png(folder / "a.png", picture);
  int width = 0, height = 0, channels = 0;
  stbi_uc* pixels = stbi_load((folder / "a.png").c_str(), &width, &height, &channels, 0);
  ASSERT_NE(pixels, nullptr);
  EXPECT_EQ(width, 7);
  EXPECT_EQ(height, 5);
  EXPECT_EQ(channels, 3);
  EXPECT_EQ(std::vector<std::uint8_t>(pixels, pixels + 105), picture.rgb);
  stbi_image_free(pixels);
}

TEST(Png, ImagesAreTiledInRowsWithPaddingAndScale) {
  const std::vector<std::uint8_t> images{1, 2, 3, 4, 5, 6, 7, 8, 9};  // three of 1×1×3
  const Picture picture =
      tile_images(images, {3, 1, 1, 3}, {.columns = 2, .padding = 1, .scale = 2});
  ASSERT_EQ(picture.width, 7);
  ASSERT_EQ(picture.height, 7);
  const auto red = [&](Index y, Index x) {
    return picture.rgb[static_cast<std::size_t>((y * 7 + x) * 3)];
  };
  std::string drawn;
  for (Index y = 0; y < 7; ++y) {
    for (Index x = 0; x < 7; ++x)
      drawn += red(y, x) == 255 ? '.' : static_cast<char>('0' + red(y, x));
  }
  EXPECT_EQ(drawn,
            "......."
            ".11.44."
            ".11.44."
            "......."
            ".77...."
            ".77...."
            ".......");
}

TEST(Png, GreyImagesBecomeThreeEqualChannels) {
  const std::vector<std::uint8_t> images{10, 20};
  const Picture picture = tile_images(images, {1, 1, 2, 1}, {.columns = 1, .padding = 0});
  EXPECT_EQ(picture.rgb, std::vector<std::uint8_t>({10, 10, 10, 20, 20, 20}));
}

}  // namespace robmask::test
