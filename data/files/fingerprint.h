#pragma once
// A short name for some content.

#include <fmt/format.h>

#include <span>
#include <string>

#include "data/files/input_file.h"

namespace robmask {

/// Hexadecimal digits that change with the bytes they were taken of, in pieces or at once: FNV-1a
/// (Fowler, Noll and Vo). They tell contents apart; they are no protection against a forger.
template <class Word, Word offset, Word prime>
class FowlerNollVo {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) hash_ = (hash_ ^ std::to_integer<Word>(b)) * prime;
  }
  std::string digits() const { return fmt::format("{:0{}x}", hash_, 2 * sizeof(Word)); }

 private:
  Word hash_ = offset;
};

/// Sixteen digits; and eight, where a person reads them.
using Fingerprint = FowlerNollVo<std::uint64_t, 0xcbf29ce484222325, 0x100000001b3>;
using ShortFingerprint = FowlerNollVo<std::uint32_t, 2166136261, 16777619>;

/// Of a file's content.
std::string fingerprint(const Path& path);

}  // namespace robmask
