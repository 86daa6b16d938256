#include "data/files/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "data/files/disk.h"

namespace robmask {
namespace {

constexpr std::string_view temporary_suffix = ".robmask-part";

Path folder_of(const Path& file) { return file.has_parent_path() ? file.parent_path() : Path("."); }

}  // namespace

AtomicFile::AtomicFile(const Path& path) : name_(path.string()), target_(path) {
  std::error_code missing;
  if (Path resolved = std::filesystem::canonical(path, missing); !missing) {
    target_ = std::move(resolved);
  }
  const auto status = std::filesystem::status(target_, missing);
  if (std::filesystem::is_directory(status)) fail(EISDIR);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail(errno);
  } else {
    open_temporary();
  }
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::open_temporary() {
  static std::atomic<unsigned> files = 0;
  do {
    temporary_ = folder_of(target_) / fmt::format(".{}.{}-{}{}", target_.filename().string(),
                                                  ::getpid(), files++, temporary_suffix);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) {
    const int error = errno;
    temporary_.clear();
    fail(error);
  }
  // The lock dies with this process: it tells a file being written from one left by a killed run.
  ::flock(descriptor_, LOCK_EX | LOCK_NB);
}

void AtomicFile::write(std::span<const std::byte> chunk) {
  expect(descriptor_ >= 0, "{}: written after it was closed", name_);
  if (const int error = disk::write_all(descriptor_, chunk)) fail(error);
}

void AtomicFile::commit() {
  expect(descriptor_ >= 0, "{}: committed after it was closed", name_);
  if (const int error = disk::sync(descriptor_)) fail(error);
  const bool renamed = !temporary_.empty();
  if (renamed && ::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  if (!renamed) return;
  if (const int error = disk::sync_folder(folder_of(target_))) fail(error);
}

void AtomicFile::discard() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void AtomicFile::fail(int error) {
  discard();
  throw disk::write_error(name_, error);
}

void write_file(const Path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const Path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

void append_line(const Path& path, std::string_view line) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) throw disk::write_error(path.string(), errno);
  const auto end = ::lseek(descriptor, 0, SEEK_END);
  const std::string text = std::string(line) + '\n';
  int error = disk::write_all(descriptor, std::as_bytes(std::span(text)));
  if (!error) error = disk::sync(descriptor);
  // If even this fails the torn line stays, and read_csv drops it.
  if (error && end >= 0) [[maybe_unused]]
    const int taken_back = ::ftruncate(descriptor, end);
  if (::close(descriptor) != 0 && !error) error = errno;
  if (error) throw disk::write_error(path.string(), error);
}

int remove_stale_temporaries(const Path& folder) {
  int removed = 0;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') || !name.ends_with(temporary_suffix)) continue;
    const int descriptor = ::open(entry.path().c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) continue;
    const bool abandoned = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    if (abandoned && ::unlink(entry.path().c_str()) == 0) ++removed;
    ::close(descriptor);
  }
  return removed;
}

}  // namespace robmask
