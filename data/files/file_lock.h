#pragma once
// A file that belongs to one process at a time.

#include <filesystem>

#include "data/files/input_file.h"

namespace robmask {

class FileLock {
 public:
  /// Creates the file if need be. RunError if that cannot be done.
  explicit FileLock(const Path& path);
  /// The lock ends with this object, or with the process, however that ends.
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// False where another process, or another FileLock of this one, has the file.
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_;
};

}  // namespace robmask
