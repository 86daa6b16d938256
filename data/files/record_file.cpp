#include "data/files/record_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "data/files/disk.h"

namespace robmask {

RecordFile::RecordFile(const Path& path)
    : name_(path.string()),
      descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw disk::write_error(name_, errno);
}

RecordFile::~RecordFile() { ::close(descriptor_); }

void RecordFile::write(std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0)
    throw disk::write_error(name_, errno);
  if (const int error = disk::write_all(descriptor_, bytes)) throw disk::write_error(name_, error);
}

void RecordFile::sync() const {
  if (const int error = disk::sync(descriptor_)) throw disk::write_error(name_, error);
}

}  // namespace robmask
