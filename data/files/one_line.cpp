#include "data/files/one_line.h"

#include <fmt/format.h>

namespace robmask {

namespace {

bool goes_on(char byte) { return (byte & 0xc0) == 0x80; }

/// Bytes of the letter that the text begins with; 0 if it is a control character or no UTF-8.
std::size_t letter(std::string_view text) {
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};  // that needs so many bytes
  const auto lead = static_cast<unsigned char>(text[0]);
  if ((0x80 <= lead && lead < 0xc0) || lead >= 0xf8) return 0;
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < bytes) return 0;
  char32_t code = bytes == 1 ? lead : lead & (0x7f >> bytes);
  for (const char byte : text.substr(1, bytes - 1)) {
    if (!goes_on(byte)) return 0;
    code = code << 6 | (byte & 0x3f);
  }
  const bool surrogate = 0xd800 <= code && code <= 0xdfff;
  const bool control = code < 0x20 || (0x7f <= code && code < 0xa0);
  const bool line_break = code == 0x2028 || code == 0x2029;
  const bool valid = least[bytes] <= code && code <= 0x10ffff && !surrogate;
  return valid && !control && !line_break ? bytes : 0;
}

/// Without the middle of what is too long.
std::string shortened(const std::string& line, std::size_t longest) {
  if (line.size() <= longest) return line;
  std::size_t head = longest / 2, tail = line.size() - longest / 2;
  while (head > 0 && goes_on(line[head])) --head;
  while (tail < line.size() && goes_on(line[tail])) ++tail;
  return line.substr(0, head) + "…" + line.substr(tail);
}

}  // namespace

std::string one_line(std::string_view text, std::size_t longest) {
  std::string line;
  while (!text.empty()) {
    const std::size_t bytes = letter(text);
    line += bytes > 0 ? std::string(text.substr(0, bytes))
                      : fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    text.remove_prefix(bytes > 0 ? bytes : 1);
  }
  return shortened(line, longest);
}

}  // namespace robmask
