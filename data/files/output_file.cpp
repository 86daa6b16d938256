#include "data/files/output_file.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace robmask {
namespace {

/// Past the limit on file sizes the system sends SIGXFSZ, which kills; ignored, write() fails with
/// EFBIG and is reported like a full disk.
void ignore_file_size_signal() {
  [[maybe_unused]] static const auto previous = std::signal(SIGXFSZ, SIG_IGN);
}

std::string reason(int error) {
  switch (error) {
    case ENOSPC: return "the disk is full; free some space and run again";
    case EDQUOT: return "the disk is full (your quota is used up); free some space and run again";
    case EFBIG: return "the disk is full (the limit on file sizes, ulimit -f, is reached)";
    default: return std::strerror(error);
  }
}

}  // namespace

OutputFile::OutputFile(const Path& path, int flags, const std::string& name)
    : name_(name.empty() ? path.string() : name),
      descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw error(errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::write(std::span<const std::byte> bytes) const {
  ignore_file_size_signal();
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw error(written < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::write(std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) throw error(errno);
  write(bytes);
}

void OutputFile::sync() const {
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP) throw error(errno);
}

bool OutputFile::lock() const {
  // A file system that knows no locks does not keep anybody from working.
  return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

void OutputFile::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0) throw error(errno);
}

RunError OutputFile::error(int number) const {
  return RunError(fmt::format("{}: cannot be written: {}", name_, reason(number)));
}

}  // namespace robmask
