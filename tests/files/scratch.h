#pragma once
// A folder of a test's own, and the questions that tests of files ask.

#include <fcntl.h>
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

/// Makes `text` the content of a file the plain way. (Not by cutting it to nothing first: ext4
/// would wait for the disk thousands of times.)
inline void put(const Path& path, std::string_view text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT, 0666);
  ASSERT_EQ(::write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ASSERT_EQ(::ftruncate(descriptor, static_cast<off_t>(text.size())), 0);
  ::close(descriptor);
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

inline bool mentions(const std::string& line, const std::string& text) {
  return line.find(text) != std::string::npos;
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
