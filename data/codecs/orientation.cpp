#include "data/codecs/orientation.h"

#include <algorithm>
#include <utility>

#include "data/codecs/codec.h"

namespace robmask {
namespace {

constexpr int as_stored = 1;

/// TIFF's structure, which EXIF borrows: numbers in the byte order that its first two bytes name.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes) {}

  int orientation() const {
    if (!bytes_.starts_with(std::string_view("II*\0", 4)) &&
        !bytes_.starts_with(std::string_view("MM\0*", 4)))
      return as_stored;
    const std::uint64_t directory = number(4, 4);
    constexpr std::uint64_t entry_bytes = 12, tag = 0x0112;
    const std::uint64_t entries = number(directory, 2);
    for (std::uint64_t i = 0, at = directory + 2; i < entries && at < bytes_.size();
         ++i, at += entry_bytes) {
      if (number(at, 2) != tag) continue;
      const auto value = static_cast<int>(number(at + 8, 2));
      return 1 <= value && value <= 8 ? value : as_stored;
    }
    return as_stored;
  }

 private:
  /// 0 where the bytes end.
  std::uint64_t number(std::uint64_t at, std::size_t count) const {
    const std::uint64_t value = little_endian(bytes_, at, count);
    if (bytes_.front() == 'I') return value;
    return count == 2 ? __builtin_bswap16(static_cast<std::uint16_t>(value))
                      : __builtin_bswap32(static_cast<std::uint32_t>(value));
  }

  std::string_view bytes_;
};

std::uint64_t big_endian_16(std::string_view bytes, std::size_t at) {
  return __builtin_bswap16(static_cast<std::uint16_t>(little_endian(bytes, at, 2)));
}

/// Segments up to the first scan: 0xFF, a marker, a length that counts itself, the rest.
int in_jpeg(std::string_view bytes) {
  constexpr std::string_view exif("Exif\0\0", 6);
  constexpr unsigned char app1 = 0xE1, start_of_scan = 0xDA;
  for (std::size_t at = 2; at + 4 <= bytes.size() && bytes[at] == '\xFF';) {
    const auto marker = static_cast<unsigned char>(bytes[at + 1]);
    if (marker == 0xFF) {  // a filling byte
      ++at;
      continue;
    }
    if (marker == start_of_scan) break;
    const std::uint64_t length = std::max<std::uint64_t>(big_endian_16(bytes, at + 2), 2);
    const std::string_view body = bytes.substr(at + 4, length - 2);
    if (marker == app1 && body.starts_with(exif))
      return Tiff(body.substr(exif.size())).orientation();
    at += 2 + length;
  }
  return as_stored;
}

/// Chunks: a length, a name of four letters, the data, a checksum.
int in_png(std::string_view bytes) {
  constexpr std::uint64_t signature = 8, around = 12;
  for (std::uint64_t at = signature; at + around <= bytes.size();) {
    const std::uint64_t length = big_endian(bytes, at);
    if (bytes.substr(at + 4, 4) == "eXIf") return Tiff(bytes.substr(at + 8, length)).orientation();
    at += around + length;
  }
  return as_stored;
}

}  // namespace

int exif_orientation(std::string_view bytes) {
  if (jpeg_codec.begins(bytes)) return in_jpeg(bytes);
  return png_codec.begins(bytes) ? in_png(bytes) : as_stored;
}

Image upright(Image stored, int orientation) {
  if (orientation == as_stored) return stored;
  // Rows and columns may change places, and each may be counted from the other end.
  const bool across = orientation >= 5;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  Image seen{stored.height, stored.width, {}};
  if (across) std::swap(seen.height, seen.width);
  seen.pixels.resize(stored.pixels.size());
  std::uint8_t* to = seen.pixels.data();
  for (Index y = 0; y < seen.height; ++y)
    for (Index x = 0; x < seen.width; ++x) {
      const Index row = across ? x : y, column = across ? y : x;
      const Index from = (from_below ? stored.height - 1 - row : row) * stored.width +
                         (from_right ? stored.width - 1 - column : column);
      to = std::copy_n(stored.pixels.data() + from * 3, 3, to);
    }
  return seen;
}

}  // namespace robmask
