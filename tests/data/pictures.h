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

void put_png(const Path& path, const Image& image);
void put_jpeg(const Path& path, const Image& image);
void put_bmp(const Path& path, const Image& image);

/// A gray PNG, every pixel `level`.
void put_gray_png(const Path& path, Index height, Index width, std::uint8_t level);

/// A palette PNG of 1×2 pixels: the first and the second colour.
void put_palette_png(const Path& path, std::vector<std::uint8_t> two_colours);

}  // namespace robmask::test
