#pragma once
// Starting a program and listening to it.

#include <string>
#include <vector>

namespace robmask::reproduce {

struct Ended {
  int code = 0;           // its exit code, or 128 + the signal that ended it
  std::string output;     // what it wrote to standard output
  std::string last_line;  // of its standard error
};

/// Runs `command` (a path, then its arguments), passes its standard error on as it comes, and waits.
/// SIGINT and SIGTERM are handed on, so that it writes its checkpoint; if this program dies, it is
/// sent SIGTERM. RunError if it cannot be started.
Ended run_process(const std::vector<std::string>& command);

}  // namespace robmask::reproduce
