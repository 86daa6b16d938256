#include "data/files/atomic_file.h"

#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

namespace robmask {
namespace {

constexpr std::string_view temporary_suffix = ".robmask-part";

Path folder_of(const Path& file) { return file.has_parent_path() ? file.parent_path() : Path("."); }

}  // namespace

AtomicFile::AtomicFile(const Path& path) : name_(path.string()), target_(path) {
  std::error_code missing;
  if (Path resolved = std::filesystem::canonical(path, missing); !missing)
    target_ = std::move(resolved);
  const auto status = std::filesystem::status(target_, missing);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    file_.emplace(target_, O_WRONLY, name_);
    return;
  }
  static std::atomic<unsigned> files = 0;
  do
    temporary_ = folder_of(target_) / fmt::format(".{}.{}-{}{}", target_.filename().string(),
                                                  ::getpid(), files++, temporary_suffix);
  while (std::filesystem::exists(temporary_, missing));
  file_.emplace(temporary_, O_WRONLY | O_CREAT | O_EXCL, name_);
  // The lock dies with this process: it tells a file being written from one left by a killed run.
  file_->lock();
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::write(std::span<const std::byte> chunk) {
  expect(file_.has_value(), "{}: written after it was closed", name_);
  try {
    file_->write(chunk);
  } catch (const RunError&) {
    discard();
    throw;
  }
}

void AtomicFile::commit() {
  expect(file_.has_value(), "{}: committed after it was closed", name_);
  try {
    file_->sync();
    const bool renamed = !temporary_.empty();
    if (renamed && ::rename(temporary_.c_str(), target_.c_str()) != 0) throw file_->error(errno);
    temporary_.clear();
    file_->close();
    file_.reset();
    if (renamed) OutputFile(folder_of(target_), O_RDONLY | O_DIRECTORY, name_).sync();
  } catch (const RunError&) {
    discard();
    throw;
  }
}

void AtomicFile::discard() noexcept {
  file_.reset();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void write_file(const Path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const Path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

void append_bytes(const Path& path, std::string_view bytes) {
  OutputFile file(path, O_WRONLY | O_APPEND | O_CREAT);
  const auto end = ::lseek(file.descriptor(), 0, SEEK_END);
  try {
    file.write(std::as_bytes(std::span(bytes)));
    file.sync();
  } catch (const RunError&) {
    // If even this fails a torn part stays, and read_csv and keep_records drop it.
    if (end >= 0) [[maybe_unused]]
      const int taken_back = ::ftruncate(file.descriptor(), end);
    throw;
  }
  file.close();
}

void append_line(const Path& path, std::string_view line) {
  append_bytes(path, std::string(line) + '\n');
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
