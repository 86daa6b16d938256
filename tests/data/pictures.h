#pragma once
// Image files for tests.

#include <string>
#include <vector>

#include "data/decode.h"

namespace robmask::test {

/// An image of one colour.
Image plain(Index height, Index width, std::vector<std::uint8_t> colour);

/// An image whose red counts rows, green columns, and whose blue is 7.
Image graded(Index height, Index width);

/// Numbers as in a PNG's head.
enum class PngKind { gray = 0, colour = 2, palette = 3, gray_alpha = 4, colour_alpha = 6 };

/// A whole PNG of rows as they are stored, with `more` chunks between its head and its data.
std::string png_bytes(Index height, Index width, int bits, PngKind kind, const std::string& rows,
                      const std::string& more = {});
std::string png_chunk(const std::string& type, const std::string& data);

struct JpegForm {
  bool ycck = false, adobe = true, progressive = false;  // adobe: may have that marker
  unsigned restart_interval = 0;                         // in blocks
};
/// A JPEG of 1, 3 or 4 channels, at its best quality.
std::string jpeg_bytes(Index height, Index width, const std::vector<std::uint8_t>& pixels,
                       const JpegForm& form = {});

void put_png(const Path& path, const Image& image);
void put_jpeg(const Path& path, const Image& image);
void put_bmp(const Path& path, const Image& image);

/// A gray PNG, every pixel `level`.
void put_gray_png(const Path& path, Index height, Index width, std::uint8_t level);

/// A palette PNG of 1×2 pixels: the first and the second colour.
void put_palette_png(const Path& path, std::vector<std::uint8_t> two_colours);

}  // namespace robmask::test
