#pragma once
// Reading files that may be missing, cut short, too large or hostile: sizes are known before memory
// is taken, and every failure is one InputError that names the file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace robmask {

using Path = std::filesystem::path;

/// A regular file open for reading at any offset.
class InputFile {
 public:
  /// Throws InputError if the file is missing, not readable, or not a regular file.
  explicit InputFile(const Path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& name() const { return name_; }
  /// Bytes in the file when it was opened.
  std::uint64_t size() const { return size_; }
  /// Fills `bytes` from `offset` on; InputError if the file ends before or cannot be read.
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;
  /// The `count` bytes from `offset` on. To be asked for no more than there may be.
  std::string read(std::uint64_t offset, std::uint64_t count) const;
  /// The bytes up to `end`, handed to `take` piece by piece.
  void pieces(std::uint64_t end, const std::function<void(std::span<const std::byte>)>& take) const;
  /// The first bytes, `most` of them or all that there are.
  std::string head(std::uint64_t most) const;

 private:
  std::string name_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

/// The whole file as text; InputError if it is larger than `limit` bytes.
std::string read_text(const Path& path, std::uint64_t limit = std::uint64_t{256} << 20);

/// Text that came from a file, made fit for an error line: in quotes, control characters and
/// non-ASCII escaped, at most 80 bytes of it.
std::string printable(std::string_view text);

}  // namespace robmask
