#include "data/files/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace robmask {

std::string fingerprint(const Path& path) {
  const InputFile file(path);
  std::uint64_t hash = 0xcbf29ce484222325;
  std::vector<std::byte> chunk(std::size_t{1} << 20);
  for (std::uint64_t at = 0; at < file.size(); at += chunk.size()) {
    const auto piece =
        std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), file.size() - at));
    file.read(at, piece);
    for (const std::byte b : piece)
      hash = (hash ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace robmask
