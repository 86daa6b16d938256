#pragma once
// Writing files so that a reader sees the old content or the new one, never a part: the bytes go to
// a temporary name in the same folder, reach the disk, and are then renamed.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "data/files/output_file.h"

namespace robmask {

/// A file written in chunks that gets its name at commit(). Until then, and after any failure, an
/// earlier file of that name is untouched. A target that is a device or a pipe (/dev/stdout) is
/// written directly; a symbolic link is followed. Every failure (a full disk, a missing folder)
/// removes the temporary file and throws RunError with the file's name and the reason.
class AtomicFile {
 public:
  explicit AtomicFile(const Path& path);
  /// Without a commit() the temporary file is removed.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> chunk);
  void write(std::string_view chunk) { write(std::as_bytes(std::span(chunk))); }
  /// Makes the bytes durable and gives the file its name; nothing may be written afterwards.
  void commit();

 private:
  void discard() noexcept;

  std::string name_;                // as the caller wrote it, for messages
  Path target_;                     // links resolved
  Path temporary_;                  // empty when the target is written directly
  std::optional<OutputFile> file_;  // none once it was closed
};

/// The whole content at once.
void write_file(const Path& path, std::span<const std::byte> bytes);
void write_file(const Path& path, std::string_view text);

/// Appends bytes and makes them durable; creates the file if need be. If they do not fit, what was
/// written of them is taken back and RunError is thrown.
void append_bytes(const Path& path, std::string_view bytes);
/// The same of `line` and a newline.
void append_line(const Path& path, std::string_view line);

/// Removes the temporary files that killed runs left in `folder` (not those that a living process
/// is writing) and returns how many; a missing folder has none.
int remove_stale_temporaries(const Path& folder);

}  // namespace robmask
