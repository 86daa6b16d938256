#include "data/files/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "data/files/disk.h"

namespace robmask {

FileLock::FileLock(const Path& path)
    : descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)), held_(true) {
  if (descriptor_ < 0) throw disk::write_error(path.string(), errno);
  // A file system that knows no locks does not keep anybody from working.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) held_ = errno != EWOULDBLOCK;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace robmask
