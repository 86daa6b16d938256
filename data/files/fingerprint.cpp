#include "data/files/fingerprint.h"

namespace robmask {

std::string fingerprint(const Path& path) {
  const InputFile file(path);
  Fingerprint content;
  file.pieces(file.size(), [&](std::span<const std::byte> piece) { content.add(piece); });
  return content.digits();
}

}  // namespace robmask
