#include "tests/data/pictures.h"

#include <zlib.h>

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>  // after cstdio, which it needs

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

std::string big_endian(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

const Bytef* bytes_of(const std::string& text) {
  return reinterpret_cast<const Bytef*>(text.data());
}

}  // namespace

std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string all = type + data;
  return big_endian(data.size()) + all +
         big_endian(crc32(0, bytes_of(all), static_cast<uInt>(all.size())));
}

std::string png_bytes(Index height, Index width, int bits, PngKind kind, const std::string& rows,
                      const std::string& more) {
  std::string data;
  const std::size_t row = rows.size() / static_cast<std::size_t>(height);
  for (std::size_t at = 0; at < rows.size(); at += row) data += '\0' + rows.substr(at, row);
  std::string packed(compressBound(data.size()), '\0');
  uLongf size = packed.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size, bytes_of(data), data.size()),
            Z_OK);
  const std::string head = big_endian(static_cast<std::size_t>(width)) +
                           big_endian(static_cast<std::size_t>(height)) + static_cast<char>(bits) +
                           static_cast<char>(kind) + std::string(3, '\0');
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", head) + more +
         png_chunk("IDAT", packed.substr(0, size)) + png_chunk("IEND", "");
}

std::string jpeg_bytes(Index height, Index width, const std::vector<std::uint8_t>& pixels,
                       const JpegForm& form) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  const auto channels = static_cast<Index>(pixels.size()) / (height * width);
  jpeg.input_components = static_cast<int>(channels);
  jpeg.in_color_space = channels == 4 ? JCS_CMYK : channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (form.ycck) jpeg_set_colorspace(&jpeg, JCS_YCCK);
  if (!form.adobe) jpeg.write_Adobe_marker = FALSE;
  if (form.progressive) jpeg_simple_progression(&jpeg);
  jpeg.restart_interval = form.restart_interval;
  jpeg_start_compress(&jpeg, TRUE);
  for (Index y = 0; y < height; ++y) {
    auto* row = const_cast<JSAMPROW>(pixels.data() + y * width * channels);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  const std::string result(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&jpeg);
  std::free(bytes);
  return result;
}

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
  const std::string palette(two_colours.begin(), two_colours.end());
  put(path, png_bytes(1, 2, 8, PngKind::palette, {'\0', '\1'}, png_chunk("PLTE", palette)));
}

}  // namespace robmask::test
