// PNG, by libpng. The checksums of all chunks are looked at first. Behind the last pixel libpng
// would unpack whatever is there, a gigabyte of a megabyte, so it is given little more than that
// pixel.

#include <png.h>
#include <zlib.h>

#include <algorithm>

#include "data/codecs/codec.h"
#include "data/codecs/escape.h"
#include "data/files/input_file.h"
#include "engine/check.h"

namespace robmask {
namespace {

constexpr std::string_view signature = "\x89PNG\r\n\x1A\n", first_chunk{"\0\0\0\x0DIHDR", 8};

/// Throws Damaged unless all chunks to the last are whole. Bytes behind it are nothing to us.
void check_chunks(std::string_view bytes) {
  constexpr std::size_t around = 12;  // length, type, …, checksum
  for (std::size_t at = signature.size();;) {
    const std::size_t room = bytes.size() - at, length = big_endian(bytes, at);
    if (room < around || room - around < length) throw Damaged{"that was cut short"};
    const std::string_view data = bytes.substr(at + 4, length + 4), type = data.substr(0, 4);
    const auto sum =
        crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
    if (sum != big_endian(bytes, at + 8 + length)) {
      throw Damaged{fmt::format("whose chunk {} at byte {} has another checksum: it is garbled",
                                printable(type), at)};
    }
    if (type == "IEND") return;
    at += around + length;
  }
}

Image png_size(std::string_view bytes) {
  constexpr std::size_t head = 33;  // to the end of the first chunk
  if (bytes.size() < head) throw Damaged{"that was cut short"};
  if (!bytes.starts_with(signature) || !bytes.substr(signature.size()).starts_with(first_chunk))
    throw Damaged{"whose head is garbled"};
  return {big_endian(bytes, 20), big_endian(bytes, 16), {}};
}

struct Png {
  std::string_view bytes;  // that libpng has not yet read
  Escape escape;
  png_structp png = nullptr;
  png_infop info = nullptr;

  ~Png() { png_destroy_read_struct(&png, &info, nullptr); }
};

void next_bytes(png_structp png, png_bytep to, std::size_t count) {
  std::string_view& bytes = static_cast<Png*>(png_get_io_ptr(png))->bytes;
  if (bytes.size() < count) png_error(png, "data that end too soon or too late");
  std::copy_n(bytes.begin(), count, reinterpret_cast<char*>(to));
  bytes.remove_prefix(count);
}

void read_png(std::string_view bytes, Image& image) {
  check_chunks(bytes);
  make_room(image);
  Png file{bytes, {}};
  const auto error = [](png_structp png, png_const_charp message) {
    static_cast<Escape*>(png_get_error_ptr(png))->leave(message);
  };
  const auto steps = [&] {
    file.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &file.escape, error,
                                      [](png_structp, png_const_charp) {});
    png_structp png = file.png;
    if (png != nullptr) file.info = png_create_info_struct(png);
    if (file.info == nullptr) file.escape.leave("no memory");
    png_set_read_fn(png, &file, next_bytes);
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);          // done by check_chunks
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // none but of pixels
    png_read_info(png, file.info);
    png_set_expand(png);  // palettes and few bits
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    const int passes = png_set_interlace_handling(png);
    // A row that could not be packed, in chunks of a byte, and the size of libpng's buffer.
    const std::size_t most_of_a_row = 16 * png_get_rowbytes(png, file.info) + 16384;
    png_read_update_info(png, file.info);
    const auto row_bytes = static_cast<std::size_t>(image.width * 3);
    if (png_get_rowbytes(png, file.info) != row_bytes) png_error(png, "rows of another size");
    for (int pass = 0; pass < passes; ++pass)
      for (Index y = 0; y < image.height; ++y) {
        const bool last = pass + 1 == passes && y + 1 == image.height;
        if (last) file.bytes = file.bytes.substr(0, most_of_a_row);
        png_read_row(png, image.pixels.data() + y * image.width * 3, nullptr);
      }
  };
  if (stays(file.escape, steps)) return;
  throw Damaged{fmt::format("that libpng refuses: {}", printable(file.escape.said.data()))};
}

}  // namespace

const Codec png_codec{"PNG", [](std::string_view b) { return b.starts_with("\x89PNG"); }, png_size,
                      read_png};

}  // namespace robmask
