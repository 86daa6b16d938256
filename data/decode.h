#pragma once
// Image files to bytes.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

/// Height × width × 3 bytes, R G B interleaved.
struct Image {
  Index height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

/// The most pixels of an image, unless --max-pixels says otherwise: 192 MiB as bytes.
constexpr Index usual_max_pixels = Index{1} << 26;

/// True for the endings of formats that are read here: JPEG, PNG, BMP, PNM.
bool is_image_file(const Path& path);

/// Decodes a file by its content, whatever its ending. Gray, palettes and CMYK become RGB;
/// transparency is dropped, an orientation in EXIF not looked at, as in torchvision's data sets; of
/// 16 bits the high 8 stay, also of gray. The pixels are those of Pillow's convert("RGB"), within 3 levels, but for 16-bit gray.
/// Throws InputError, with the file's name, if it is missing, cut short, garbled (a PNG by its
/// checksums, a JPEG by any of libjpeg's warnings about data), of another format, or larger than
/// `max_pixels`, which the head tells before memory is taken.
Image decode_image(const Path& path, Index max_pixels = usual_max_pixels);

/// The same of a file's bytes; errors call it `name`.
Image decode_bytes(std::string_view bytes, const std::string& name,
                   Index max_pixels = usual_max_pixels);

/// use(decode_image(…)) for threads that do so at the same time: those whose images would take more
/// than a usual_max_pixels together wait for each other. `use` must not decode.
void with_image(const Path& path, Index max_pixels, const std::function<void(const Image&)>& use);
/// The same for the picture that a person sees: turned as its EXIF says.
void with_upright(const Path& path, Index max_pixels, const std::function<void(const Image&)>& use);

/// Height and width from the file's head; `pixels` stays empty. Throws InputError as decode_image
/// does, as far as the head tells, but for `max_pixels`.
Image read_image_size(const Path& path);

}  // namespace robmask
