#include "tests/data/pictures.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

void append_big_endian(std::string& bytes, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
}

/// A chunk of a PNG. Its check sum is left 0: the decoder does not look at it.
std::string chunk(const std::string& type, const std::string& data) {
  std::string bytes;
  append_big_endian(bytes, data.size());
  bytes += type + data;
  append_big_endian(bytes, 0);
  return bytes;
}

}  // namespace

Image plain(Index height, Index width, std::vector<std::uint8_t> colour) {
  Image image{height, width, {}};
  for (Index i = 0; i < height * width * 3; ++i) {
    image.pixels.push_back(colour[static_cast<std::size_t>(i % 3)]);
  }
  return image;
}

Image graded(Index height, Index width) {
  Image image{height, width, {}};
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      image.pixels.insert(image.pixels.end(),
                          {static_cast<std::uint8_t>(y), static_cast<std::uint8_t>(x), 7});
    }
  }
  return image;
}

void put_png(const Path& path, const Image& image) {
  const auto width = static_cast<int>(image.width), height = static_cast<int>(image.height);
  ASSERT_TRUE(stbi_write_png(path.c_str(), width, height, 3, image.pixels.data(), width * 3));
}

void put_jpeg(const Path& path, const Image& image) {
  const auto width = static_cast<int>(image.width), height = static_cast<int>(image.height);
  ASSERT_TRUE(stbi_write_jpg(path.c_str(), width, height, 3, image.pixels.data(), 95));
}

void put_bmp(const Path& path, const Image& image) {
  const auto width = static_cast<int>(image.width), height = static_cast<int>(image.height);
  ASSERT_TRUE(stbi_write_bmp(path.c_str(), width, height, 3, image.pixels.data()));
}

void put_gray_png(const Path& path, Index height, Index width, std::uint8_t level) {
  const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(height * width), level);
  ASSERT_TRUE(stbi_write_png(path.c_str(), static_cast<int>(width), static_cast<int>(height), 1,
                             pixels.data(), static_cast<int>(width)));
}

void put_palette_png(const Path& path, std::vector<std::uint8_t> two_colours) {
  std::string head;
  append_big_endian(head, 2);                                   // width
  append_big_endian(head, 1);                                   // height
  head += std::string("\x08\x03\x00\x00\x00", 5);               // 8 bits, palette
  const std::string row("\x00\x00\x01", 3);                     // no filter; colours 0, 1
  const std::string stored("\x78\x01\x01\x03\x00\xFC\xFF", 7);  // zlib: one stored block of 3 bytes
  const std::string palette(two_colours.begin(), two_colours.end());
  put(path, "\x89PNG\r\n\x1A\n" + chunk("IHDR", head) + chunk("PLTE", palette) +
                chunk("IDAT", stored + row + std::string(4, '\0')) + chunk("IEND", ""));
}

}  // namespace robmask::test
