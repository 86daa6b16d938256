#include "data/files/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace robmask::disk {
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

int write_all(int descriptor, std::span<const std::byte> bytes) {
  ignore_file_size_signal();
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

int sync(int descriptor) {
  if (::fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP) return 0;
  return errno;
}

int sync_folder(const Path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error = sync(descriptor);
  ::close(descriptor);
  return error;
}

RunError write_error(const std::string& name, int error) {
  return RunError(fmt::format("{}: cannot be written: {}", name, reason(error)));
}

}  // namespace robmask::disk
