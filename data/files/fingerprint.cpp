#include "data/files/fingerprint.h"

#include <algorithm>
#include <vector>

namespace robmask {

std::string fingerprint(const Path& path) {
  const InputFile file(path);
  Fingerprint content;
  std::vector<std::byte> chunk(std::size_t{1} << 20);
  for (std::uint64_t at = 0; at < file.size(); at += chunk.size()) {
    const auto piece =
        std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), file.size() - at));
    file.read(at, piece);
    content.add(piece);
  }
  return content.digits();
}

}  // namespace robmask
