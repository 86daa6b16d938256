#pragma once
// Writing a file where it stands, with the failures that must not be lost.

#include <fcntl.h>

#include <cstdint>
#include <span>
#include <string>

#include "data/files/input_file.h"
#include "engine/check.h"

namespace robmask {

/// An open file. Every failure is a RunError of one line: its name and the reason in plain words.
class OutputFile {
 public:
  /// `flags` are those of open(); messages call the file `name`, or by its path.
  explicit OutputFile(const Path& path, int flags = O_WRONLY | O_CREAT,
                      const std::string& name = {});
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Writes all of `bytes` behind what was written last, or from `offset` on.
  void write(std::span<const std::byte> bytes) const;
  void write(std::uint64_t offset, std::span<const std::byte> bytes) const;
  /// Returns when all that was written is on the disk; pipes and devices have nothing to wait for.
  void sync() const;
  /// Takes the file for this object, to its end or that of the process. False where another
  /// process, or another OutputFile of this one, has it.
  bool lock() const;
  /// To be called where it matters whether the last bytes fit.
  void close();

  int descriptor() const { return descriptor_; }
  /// What to throw for an error number.
  RunError error(int number) const;

 private:
  std::string name_;
  int descriptor_;  // -1 once closed
};

}  // namespace robmask
