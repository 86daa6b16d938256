#pragma once
// A folder of a test's own, and the questions that tests of files ask.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "data/files/atomic_file.h"
#include "engine/check.h"

namespace robmask::test {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "robmask-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw RunError("no temporary folder for a test");
    folder_ = name;
  }
  ~ScratchFolder() { std::filesystem::remove_all(folder_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  Path operator/(const std::string& name) const { return folder_ / name; }
  const Path& path() const { return folder_; }
  /// Files in the folder, temporary ones included.
  std::ptrdiff_t files() const {
    return std::distance(std::filesystem::directory_iterator(folder_), {});
  }

 private:
  Path folder_;
};

/// Puts `text` into a new file the plain way. (Overwriting would be slow: ext4 waits for the disk
/// when a file that was cut to nothing is closed.)
inline void put(const Path& path, std::string_view text) {
  std::filesystem::remove(path);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
}

/// The text of the Error that `action` throws; a test failure if it throws none. An error of any
/// other type passes through and fails the test as well.
template <class Error, class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected an error";
  return "";
}

/// True if `read` takes the file or refuses it with one clean line. Anything else that is thrown
/// passes through.
template <class Read>
bool taken_or_refused(const Path& path, Read&& read) {
  try {
    read(path);
    return true;
  } catch (const InputError& error) {
    const std::string line = error.what();
    return line.starts_with(path.string() + ": ") && line.find('\n') == std::string::npos &&
           line.size() < path.string().size() + 400;
  }
}

}  // namespace robmask::test
