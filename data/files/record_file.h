#pragma once
// A file written here and there, for what must outlive a kill before all of it is known.

#include <span>

#include "data/files/input_file.h"

namespace robmask {

class RecordFile {
 public:
  /// Opens the file, as it is or empty. This and all else throws RunError, naming it, on failure.
  explicit RecordFile(const Path& path);
  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  /// Writes `bytes` from `offset` on.
  void write(std::uint64_t offset, std::span<const std::byte> bytes) const;
  /// Returns when all that was written is on the disk.
  void sync() const;

 private:
  std::string name_;
  int descriptor_;
};

}  // namespace robmask
