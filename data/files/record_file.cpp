#include "data/files/record_file.h"

#include <array>
#include <cstring>

#include "data/files/atomic_file.h"

namespace robmask {

namespace {

using Table = std::array<std::uint32_t, 256>;

/// What a byte does to the checksum: division by Castagnoli's polynomial, its bits reversed.
constexpr Table crc_table() {
  Table table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ (rest & 1 ? 0x82f63b78 : 0);
    table[byte] = rest;
  }
  return table;
}

/// A checksum as it is stored: otherwise one of data that hold checksums would say little.
std::uint32_t masked_crc(std::string_view data) {
  const std::uint32_t crc = crc32c(data);
  return (crc >> 15 | crc << 17) + 0xa282ead8;
}

template <class T>
std::string bytes_of(T number) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &number, sizeof(T));
  return bytes;
}

constexpr std::uint64_t checksum_bytes = sizeof(std::uint32_t),
                        head_bytes = sizeof(std::uint64_t) + checksum_bytes;

/// `data`, and behind them their checksum.
std::string checked(std::string_view data) {
  return std::string(data) + bytes_of(masked_crc(data));
}

/// What stands ahead of a checksum, if that is right.
bool is_checked(std::string_view bytes) {
  return checked(bytes.substr(0, bytes.size() - checksum_bytes)) == bytes;
}

/// The bytes of the record that begins there; 0 if it is torn or damaged.
std::uint64_t record_bytes(const InputFile& file, std::uint64_t begin) {
  const std::uint64_t rest = file.size() - begin;
  if (rest < head_bytes + checksum_bytes) return 0;
  const std::string head = file.read(begin, head_bytes);
  std::uint64_t length = 0;
  std::memcpy(&length, head.data(), sizeof length);
  if (!is_checked(head) || length > rest - head_bytes - checksum_bytes) return 0;
  const bool whole = is_checked(file.read(begin + head_bytes, length + checksum_bytes));
  return whole ? head_bytes + length + checksum_bytes : 0;
}

}  // namespace

std::uint32_t crc32c(std::string_view data) {
  static constexpr Table table = crc_table();
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : data) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

void append_record(const Path& path, std::string_view data) {
  append_bytes(path, checked(bytes_of(std::uint64_t{data.size()})) + checked(data));
}

Index keep_records(const Path& path, Index most) {
  if (!std::filesystem::exists(path)) return 0;
  Index kept = 0;
  std::uint64_t end = 0;
  const InputFile file(path);
  for (std::uint64_t bytes; kept < most && (bytes = record_bytes(file, end)) > 0; ++kept)
    end += bytes;
  std::filesystem::resize_file(path, end);
  return kept;
}

}  // namespace robmask
