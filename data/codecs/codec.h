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
  /// Height and width as the head says, also 0, from bytes that may be no more than a file's
  /// beginning. Throws Damaged, also where the head goes on behind them.
  Image (*size)(std::string_view bytes);
  /// The pixels of an image of that size. Throws Damaged, as far as the file's size tells before it
  /// takes memory.
  void (*read)(std::string_view bytes, Image& image);
};

extern const Codec bmp_codec, jpeg_codec, png_codec, pnm_codec;

inline void make_room(Image& image) {
  image.pixels.resize(static_cast<std::size_t>(image.height * image.width * 3));
}

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
