#include "data/files/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "engine/check.h"

namespace robmask {

InputFile::InputFile(const Path& path)
    : name_(path.string()),
      // O_NONBLOCK: a pipe that nobody writes to must be refused, not waited for.
      descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  require(descriptor_ >= 0, "{}: expected a readable file, got: {}; check the path", name_,
          std::strerror(errno));
  struct stat status {};
  const bool regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular) {
    const bool folder = S_ISDIR(status.st_mode);
    ::close(descriptor_);
    require(false, "{}: expected a regular file, got a {}; check the path", name_,
            folder ? "folder" : "device or a pipe");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  require(offset <= size_ && bytes.size() <= size_ - offset,
          "{}: expected {} bytes from byte {} on, got a file of {} bytes; it was cut short", name_,
          bytes.size(), offset, size_);
  while (!bytes.empty()) {
    const auto got = ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    require(got >= 0, "{}: cannot be read at byte {}: {}", name_, offset, std::strerror(errno));
    require(got > 0, "{}: the file became shorter while it was read, at byte {}", name_, offset);
    offset += static_cast<std::uint64_t>(got);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::string InputFile::read(std::uint64_t offset, std::uint64_t count) const {
  std::string bytes(count, '\0');
  read(offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

void InputFile::pieces(std::uint64_t end,
                       const std::function<void(std::span<const std::byte>)>& take) const {
  std::vector<std::byte> room(std::size_t{1} << 20);
  for (std::uint64_t at = 0; at < end; at += room.size()) {
    const auto piece = std::span(room).first(std::min<std::uint64_t>(room.size(), end - at));
    read(at, piece);
    take(piece);
  }
}

std::string InputFile::head(std::uint64_t most) const { return read(0, std::min(most, size_)); }

std::string read_text(const Path& path, std::uint64_t limit) {
  const InputFile file(path);
  require(file.size() <= limit, "{}: expected at most {} bytes of text, got {}", file.name(), limit,
          file.size());
  return file.head(limit);
}

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string line = "'";
  for (const char character : text.substr(0, longest)) {
    if (character >= ' ' && character <= '~') {
      line += character;
    } else {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(character));
    }
  }
  return line + (text.size() > longest ? "…'" : "'");
}

}  // namespace robmask
