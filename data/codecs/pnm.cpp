// PNM: P1 … P6, that is bits, gray and colour, as text and as bytes, up to any maximum. Of a
// maximum of 65535 the high byte is taken, as of 16-bit PNGs; others are scaled to 255.

#include <algorithm>
#include <cctype>
#include <charconv>

#include "data/codecs/codec.h"
#include "engine/check.h"

namespace robmask {
namespace {

/// Numbers between white space and comments, which run from # to the end of their line.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view rest() const { return rest_; }
  /// Up to the last digit; at most nine of them.
  std::uint32_t number(std::size_t most_digits = 9) {
    skip_space();
    std::uint32_t value = 0;
    const char* first = rest_.data();
    const char* last = first + std::min(rest_.size(), most_digits);
    const auto digits = static_cast<std::size_t>(std::from_chars(first, last, value).ptr - first);
    if (digits == 0) throw Damaged{rest_.empty() ? "that was cut short" : "that lacks a number"};
    rest_.remove_prefix(digits);
    return value;
  }

 private:
  void skip_space() {
    while (!rest_.empty() &&
           (rest_[0] == '#' || std::isspace(static_cast<unsigned char>(rest_[0]))))
      rest_.remove_prefix(rest_[0] == '#' ? std::min(rest_.find_first_of("\r\n"), rest_.size())
                                          : 1);
  }

  std::string_view rest_;
};

struct Pnm {
  Index height, width, channels;
  bool text, bits;
  std::uint32_t highest;
  std::string_view raster;

  /// Of the raster, at least: a number as text takes two, with the white space before it.
  std::uint64_t bytes() const {
    const auto samples = static_cast<std::uint64_t>(height * width * channels);
    if (text) return bits ? samples : 2 * samples;
    return static_cast<std::uint64_t>(height) * row_bytes();
  }
  std::size_t row_bytes() const {
    if (bits) return static_cast<std::size_t>((width + 7) / 8);
    return static_cast<std::size_t>(width * channels * (highest > 255 ? 2 : 1));
  }
  std::uint8_t level(std::uint32_t value) const {
    if (highest == 65535) return static_cast<std::uint8_t>(value >> 8);
    return static_cast<std::uint8_t>((std::min(value, highest) * 255 + highest / 2) / highest);
  }
};

Pnm open_pnm(std::string_view bytes) {
  const int kind = bytes[1] - '0';  // 1, 2, 3: text; 4, 5, 6: bytes
  Pnm pnm{};
  pnm.text = kind <= 3;
  pnm.bits = kind % 3 == 1;
  pnm.channels = kind % 3 == 0 ? 3 : 1;
  Reader head(bytes.substr(2));
  pnm.width = head.number();
  pnm.height = head.number();
  pnm.highest = pnm.bits ? 1 : head.number();
  if (pnm.highest < 1 || pnm.highest > 65535)
    throw Damaged{fmt::format("with a maximum of {}, expected 1 to 65535", pnm.highest)};
  if (head.rest().empty()) throw Damaged{"that was cut short"};
  if (!std::isspace(static_cast<unsigned char>(head.rest()[0])))
    throw Damaged{"whose head does not end with white space"};
  pnm.raster = pnm.text ? head.rest() : head.rest().substr(1);
  return pnm;
}

/// Calls put(level) for all samples in order.
template <class F>
void each_level(const Pnm& pnm, const F& put) {
  Reader text(pnm.raster);
  for (Index y = 0; y < pnm.height; ++y) {
    const std::size_t begin = pnm.text ? 0 : static_cast<std::size_t>(y) * pnm.row_bytes();
    const std::string_view row = pnm.raster.substr(begin);
    for (std::size_t i = 0; i < static_cast<std::size_t>(pnm.width * pnm.channels); ++i) {
      const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(row[at]); };
      std::uint32_t value = 0;
      if (pnm.text)
        value = text.number(pnm.bits ? 1 : 9);
      else if (pnm.bits)
        value = byte(i / 8) >> (7 - i % 8) & 1;
      else if (pnm.highest > 255)
        value = byte(2 * i) * 256u + byte(2 * i + 1);
      else
        value = byte(i);
      if (pnm.text && value > pnm.highest)
        throw Damaged{fmt::format("with the value {}, above its maximum {}", value, pnm.highest)};
      put(pnm.level(pnm.bits ? 1 - value : value));  // a set bit is black
    }
  }
}

Image pnm_size(std::string_view bytes) {
  const Pnm pnm = open_pnm(bytes);
  return {pnm.height, pnm.width, {}};
}

void read_pnm(std::string_view bytes, Image& image) {
  const Pnm pnm = open_pnm(bytes);
  if (pnm.raster.size() < pnm.bytes()) throw Damaged{"that was cut short"};
  make_room(image);
  auto to = image.pixels.begin();
  each_level(pnm,
             [&](std::uint8_t level) { to = std::fill_n(to, pnm.channels == 3 ? 1 : 3, level); });
}

}  // namespace

const Codec pnm_codec{"PNM",
                      [](std::string_view b) {
                        return b.size() > 2 && b[0] == 'P' && '1' <= b[1] && b[1] <= '6' &&
                               (b[2] == '#' || std::isspace(static_cast<unsigned char>(b[2])));
                      },
                      pnm_size, read_pnm};

}  // namespace robmask
