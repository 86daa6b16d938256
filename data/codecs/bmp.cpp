// BMP, by stb_image. It trusts a file's head, and takes what is missing for black or for what
// memory holds; so it gets one row at a time, behind a head that is written here.

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 65536
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

#include <algorithm>
#include <memory>

#include "data/codecs/codec.h"
#include "engine/check.h"

namespace robmask {
namespace {

constexpr std::size_t file_head = 14, os2_head = 12, usual_head = 40, most_colours = 256;
constexpr std::size_t masks_at = file_head + usual_head, three_masks = 12;

struct Bmp {
  Index height, width;
  std::uint64_t row_bytes, whole_row_bytes;  // with and without padding
  bool from_top;
  std::size_t pixels;  // where they begin
  std::string head;    // for a BMP of one row
};

std::string in_bytes(std::uint64_t value, std::size_t count) {  // little-endian
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 255);
  return bytes;
}

/// The colours of a palette, four bytes each; those that it lacks are black.
std::string palette_of(std::string_view bytes, std::size_t from, std::size_t pixels, bool os2,
                       std::size_t colours) {
  std::string palette(most_colours * 4, '\0');
  const std::size_t entry = os2 ? 3 : 4, end = std::min(pixels, bytes.size());
  const std::size_t there = end > from ? (end - from) / entry : 0;
  if (there == 0) throw Damaged{"without a palette before its pixels"};
  for (std::size_t i = 0; i < std::min({there, colours, most_colours}); ++i)
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from + i * entry), 3,
                palette.begin() + static_cast<std::ptrdiff_t>(i * 4));
  return palette;
}

Bmp open_bmp(std::string_view bytes) {
  const auto number = [&](std::size_t at, std::size_t count) {
    return little_endian(bytes, at, count);
  };
  const std::uint64_t head = number(file_head, 4);
  if (bytes.size() < file_head + 4 || bytes.size() < file_head + head)
    throw Damaged{"that was cut short"};
  const bool os2 = head == os2_head;
  if (!os2 && (head < usual_head || head > 124))
    throw Damaged{fmt::format("with a head of {} bytes, which no version has", head)};
  const auto height = static_cast<std::int32_t>(number(os2 ? 20 : 22, os2 ? 2 : 4));
  const std::uint64_t width = number(18, os2 ? 2 : 4), bits = number(os2 ? 24 : 28, 2);
  const std::uint64_t compression = os2 ? 0 : number(30, 4), asked = os2 ? 0 : number(46, 4);
  const bool indexed = bits == 1 || bits == 4 || bits == 8;
  if (!indexed && bits != 16 && bits != 24 && bits != 32)
    throw Damaged{fmt::format("of {} bits a pixel, expected 1, 4, 8, 16, 24 or 32", bits)};
  const bool masked = compression == 3 && (bits == 16 || bits == 32);
  if (compression != 0 && !masked)
    throw Damaged{fmt::format("that is compressed (kind {}), which is not read here", compression)};

  Bmp bmp{.height = std::abs(Index{height}),
          .width = static_cast<Index>(width),
          .row_bytes = (width * bits + 31) / 32 * 4,
          .whole_row_bytes = (width * bits + 7) / 8,
          .from_top = height < 0,
          .pixels = number(10, 4),
          .head = {}};
  if (bmp.pixels < file_head + head) throw Damaged{"whose pixels begin inside its head"};

  std::string after;
  if (masked) after = bytes.substr(masks_at, three_masks);
  if (indexed)
    after = palette_of(bytes, file_head + head, bmp.pixels, os2, asked > 0 ? asked : 1u << bits);
  bmp.head = "BM" + std::string(8, '\0') + in_bytes(masks_at + after.size(), 4) +
             in_bytes(usual_head, 4) + in_bytes(width, 4) + in_bytes(1, 4) + in_bytes(1, 2) +
             in_bytes(bits, 2) + in_bytes(compression, 4) + std::string(20, '\0') + after;
  return bmp;
}

Image bmp_size(std::string_view bytes) {
  const Bmp bmp = open_bmp(bytes);
  return {bmp.height, bmp.width, {}};
}

void read_bmp(std::string_view bytes, Image& image) {
  const Bmp bmp = open_bmp(bytes);
  const std::uint64_t above = static_cast<std::uint64_t>(image.height - 1) * bmp.row_bytes;
  // The padding of the last row may be missing.
  if (bytes.size() < bmp.pixels + above + bmp.whole_row_bytes) throw Damaged{"that was cut short"};
  make_room(image);
  std::string row;
  for (Index y = 0; y < image.height; ++y) {
    const Index line = bmp.from_top ? y : image.height - 1 - y;
    row = bmp.head;
    row +=
        bytes.substr(bmp.pixels + static_cast<std::uint64_t>(line) * bmp.row_bytes, bmp.row_bytes);
    row.resize(bmp.head.size() + bmp.row_bytes);
    int width = 0, height = 0, channels = 0;
    const std::unique_ptr<stbi_uc, void (*)(void*)> rgb(
        stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(row.data()),
                              static_cast<int>(row.size()), &width, &height, &channels, 3),
        stbi_image_free);
    if (!rgb) throw Damaged{fmt::format("that stb_image refuses: {}", stbi_failure_reason())};
    std::copy_n(rgb.get(), image.width * 3, image.pixels.begin() + y * image.width * 3);
  }
}

}  // namespace

const Codec bmp_codec{"BMP", [](std::string_view b) { return b.starts_with("BM"); }, bmp_size,
                      read_bmp};

}  // namespace robmask
