#include "tools/robmask/report/thumbnail.h"

#include <algorithm>
#include <cmath>

#include "data/resize.h"

namespace robmask {

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;  // 24 bits, four letters; missing bytes are 0 and shown as =
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < here ? std::to_integer<unsigned>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j)
      text += j <= here ? letters[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

Picture thumbnail(std::span<const double> values, Index height, Index width, Index most) {
  const Index pixels = height * width, channels = static_cast<Index>(values.size()) / pixels;
  expect(channels * pixels == static_cast<Index>(values.size()) && (channels == 1 || channels == 3),
         "{} values are no picture of {}x{} pixels", values.size(), height, width);
  Image image{height, width, {}};
  for (Index i = 0; i < pixels; ++i)
    for (Index c = 0; c < 3; ++c)
      image.pixels.push_back(static_cast<std::uint8_t>(std::lround(
          255 *
          std::clamp(values[static_cast<std::size_t>(i * channels + c % channels)], 0.0, 1.0))));
  if (const Index longer = std::max(height, width); longer > most)
    image = resize(image, std::max<Index>(1, height * most / longer),
                   std::max<Index>(1, width * most / longer));
  return {image.height, image.width, std::move(image.pixels)};
}

std::string data_uri(const Picture& picture) {
  return "data:image/png;base64," + base64(encode_png(picture));
}

}  // namespace robmask
