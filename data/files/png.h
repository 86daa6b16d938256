#pragma once
// Pictures as PNG files, and many small images tiled into one.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

/// height × width pixels of 3 bytes, top row first.
struct Picture {
  Index height = 0, width = 0;
  std::vector<std::uint8_t> rgb;
};

struct Tiling {
  Index columns = 8;
  Index padding = 2;          // pixels around every image
  Index scale = 1;            // every pixel becomes a square of scale × scale
  std::uint8_t ground = 255;  // the grey of the padding
};

/// Tiles the N·H·W·C bytes of `images` (C = 3, or 1 for grey) row by row into one picture.
Picture tile_images(std::span<const std::uint8_t> images, const Shape& shape, Tiling tiling = {});

/// A picture as the bytes of a PNG file.
std::vector<std::byte> encode_png(const Picture& picture);

/// Writes a picture atomically.
void write_png(const Path& path, const Picture& picture);

}  // namespace robmask
