#include "data/cut_short.h"

#include <algorithm>
#include <cctype>

namespace robmask {
namespace {

/// A JPEG's last scan (FF DA) is followed by the end of the image (FF D9). Inside a scan the byte FF
/// is always escaped, so neither mark can be pixel data.
bool jpeg_is_cut_short(std::string_view bytes) {
  const auto scan = bytes.rfind("\xFF\xDA");
  return scan == std::string_view::npos || bytes.find("\xFF\xD9", scan) == std::string_view::npos;
}

/// The bytes that end with a BMP's last pixel: rows are padded to four bytes, the last one may lack it.
std::uint64_t bmp_bytes(std::string_view bytes, const Image& size) {
  const auto number = [&](std::size_t at, std::size_t count) {  // little-endian
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count && at + i < bytes.size(); ++i)
      value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    return value;
  };
  constexpr std::uint64_t os2_head = 12;  // the oldest kind, with 16-bit sizes
  const std::uint64_t pixels = number(10, 4), head = number(14, 4);
  const std::uint64_t bits = number(head == os2_head ? 24 : 28, 2);
  const auto width = static_cast<std::uint64_t>(size.width);
  const auto height = static_cast<std::uint64_t>(size.height);
  return pixels + (height - 1) * ((width * bits + 31) / 32 * 4) + (width * bits + 7) / 8;
}

/// The same of a PNM: "P6 width height highest", one white space, the pixels. Comments run from # to
/// the end of their line.
std::uint64_t pnm_bytes(std::string_view bytes, const Image& size) {
  std::size_t at = 2;
  std::uint64_t highest = 0;
  const auto is = [&](int (*kind)(int)) {
    return at < bytes.size() && kind(static_cast<unsigned char>(bytes[at])) != 0;
  };
  for (int field = 0; field < 3; ++field) {
    while (is(std::isspace) || (at < bytes.size() && bytes[at] == '#'))
      at = bytes[at] == '#' ? std::min(bytes.find('\n', at), bytes.size()) : at + 1;
    for (highest = 0; is(std::isdigit); ++at)
      highest = 10 * highest + static_cast<std::uint64_t>(bytes[at] - '0');
  }
  const std::uint64_t channels = bytes[1] == '6' ? 3 : 1, depth = highest > 255 ? 2 : 1;
  return at + 1 + static_cast<std::uint64_t>(size.height * size.width) * channels * depth;
}

}  // namespace

bool is_cut_short(std::string_view bytes, const Image& size) {
  if (bytes.starts_with("\xFF\xD8")) return jpeg_is_cut_short(bytes);
  if (bytes.starts_with("BM")) return bytes.size() < bmp_bytes(bytes, size);
  if (bytes.starts_with("P5") || bytes.starts_with("P6"))
    return bytes.size() < pnm_bytes(bytes, size);
  return false;
}

}  // namespace robmask
