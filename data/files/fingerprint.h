#pragma once
// A short name for some content.

#include <span>
#include <string>

#include "data/files/input_file.h"

namespace robmask {

/// Sixteen hexadecimal digits that change with the bytes they were taken of, in pieces or at once:
/// FNV-1a (Fowler, Noll and Vo). It tells contents apart; it is no protection against a forger.
class Fingerprint {
 public:
  void add(std::span<const std::byte> bytes);
  std::string digits() const;

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

/// Of a file's content.
std::string fingerprint(const Path& path);

}  // namespace robmask
