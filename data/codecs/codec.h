#pragma once
// The formats of images, one file each, over bytes in memory that may hold anything.

#include <cstdint>
#include <string>
#include <string_view>

#include "data/decode.h"

namespace robmask {

/// What is wrong with an image, in words that follow "a PNG": "that was cut short".
struct Damaged {
  std::string words;
};

struct Codec {
  std::string_view name;
  bool (*begins)(std::string_view bytes);
  /// Height and width, from bytes that begin as this format's. Throws Damaged, as far as the head
  /// and the size of the file tell; the numbers may be any, also 0.
  Image (*size)(std::string_view bytes);
  /// Fills the pixels, which have the room that size() asks for. Throws Damaged.
  void (*read)(std::string_view bytes, Image& image);
};

extern const Codec bmp_codec, jpeg_codec, png_codec, pnm_codec;

/// The number in the bytes from `at` on, 0 where they end.
inline std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count && at + i < bytes.size(); ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

inline std::uint32_t big_endian(std::string_view bytes, std::size_t at) {  // four of them
  return __builtin_bswap32(static_cast<std::uint32_t>(little_endian(bytes, at, 4)));
}

}  // namespace robmask
