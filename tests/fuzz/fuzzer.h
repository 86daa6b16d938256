#pragma once
// What the fuzzers of `make fuzz` share. One program holds all readers; its name, that of a link to
// it, says which one libFuzzer feeds. A reader may refuse its input by an InputError of one line.
// All else that it throws, a crash, a leak, a sanitizer's report and a reader that takes seconds
// are findings.

#include <random>
#include <string>
#include <string_view>

#include "data/files/input_file.h"
#include "engine/check.h"

namespace robmask::fuzz {

using Random = std::minstd_rand;
/// Another input, made of one that may be of any kind, of at most `most` bytes.
using Mutate = std::string (*)(std::string input, std::size_t most, Random& random);

/// What libFuzzer makes of bytes by itself.
std::string other_bytes(std::string input, std::size_t most, Random& random);

/// A reader under test. There is one of each name, and each is known by being made.
struct Reader {
  /// What the links to the program are called.
  const char* name;
  /// Reads an input, more than once in the same process.
  void (*read)(std::string_view input);
  Mutate mutate;

  Reader(const char* name, void (*read)(std::string_view), Mutate mutate = other_bytes);
};

/// A folder on a disk in memory (TMPDIR) that is gone when the program ends.
const Path& scratch();

/// A file of that name below the scratch folder, with this content.
Path put(const Path& name, std::string_view content);

/// Ends the program by a finding unless a message, as it is shown, is one short line with `named`.
void check_refusal(std::string_view message, std::string_view named);

/// Ends the program by a finding unless `holds`; `what` says what should.
void check(bool holds, const char* what);

/// Does the work; false if it refuses what it was given, in a line that holds `named`.
template <class F>
bool accepted(std::string_view named, F&& work) {
  try {
    work();
    return true;
  } catch (const InputError& error) {
    check_refusal(error.what(), named);
    return false;
  }
}

}  // namespace robmask::fuzz
