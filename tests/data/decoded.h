#pragma once
// What bytes of images decode to.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/decode.h"
#include "tests/data/pictures.h"
#include "tests/files/scratch.h"

namespace robmask::test {

using namespace std::string_literals;
using Bytes = std::vector<std::uint8_t>;

inline Bytes pixels_of(std::string_view bytes) { return decode_bytes(bytes, "x").pixels; }

inline std::string refusal_of(std::string_view bytes) {
  const auto line = message_of<InputError>([&] { decode_bytes(bytes, "x"); });
  EXPECT_TRUE(line.starts_with("x: expected ")) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  return line;
}

inline std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

inline std::string file_of(void (*put)(const Path&, const Image&), const Image& image) {
  const ScratchFolder folder;
  put(folder / "x", image);
  return read_text(folder / "x");
}

/// The largest difference between a decoded picture and the one it was made of.
inline int worst(std::string_view bytes, const Image& image) {
  const Image read = decode_bytes(bytes, "x");
  EXPECT_EQ(read.height, image.height);
  EXPECT_EQ(read.width, image.width);
  int most = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    most = std::max(most, std::abs(int{read.pixels[i]} - int{image.pixels[i]}));
  return most;
}

/// Bytes cut at every `step`th place are refused, as what they are.
inline void expect_no_part_is_read(const std::string& bytes, std::size_t step) {
  EXPECT_NO_THROW(pixels_of(bytes));
  for (std::size_t size = 0; size < bytes.size(); size += step)
    EXPECT_THROW(pixels_of(std::string_view(bytes).substr(0, size)), InputError) << size;
}

/// A BMP of 40 bytes of head, what follows it, and its rows.
inline std::string bmp_bytes(int width, int height, int bits, const std::string& rows,
                             const std::string& after = {}, int compression = 0) {
  std::string head = "BM";
  const auto add = [&](std::size_t value, int count) {
    for (int i = 0; i < count; ++i) head += static_cast<char>(value >> (8 * i) & 255);
  };
  add(0, 8);
  for (const std::size_t value : {54 + after.size(), std::size_t{40}}) add(value, 4);
  for (const int value : {width, height}) add(static_cast<std::uint32_t>(value), 4);
  for (const int value : {1, bits}) add(static_cast<std::size_t>(value), 2);
  add(static_cast<std::size_t>(compression), 4);
  return head + std::string(20, '\0') + after + rows;
}

}  // namespace robmask::test
