#pragma once
// Image files to bytes, by stb_image.

#include <cstdint>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

/// Height × width × 3 bytes, R G B interleaved.
struct Image {
  Index height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

/// True for the endings of formats that decode_image reads: JPEG, PNG, BMP, PNM.
bool is_image_file(const Path& path);

/// Decodes a file by its content, whatever its ending. Gray, palette and CMYK become RGB, transparency
/// is dropped, 16 bits become 8. Throws InputError, with the file's name, if it is missing, cut short
/// (newer versions of stb_image would fill the rest with gray) or garbled.
Image decode_image(const Path& path);

/// Height and width from the file's head; `pixels` stays empty. Throws InputError as decode_image.
Image read_image_size(const Path& path);

}  // namespace robmask
