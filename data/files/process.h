#pragma once
// Starting a program and listening to it.

#include <string>
#include <string_view>
#include <vector>

namespace robmask {

struct Ended {
  int code = 0;        // its exit code, or 128 + the signal that ended it; 127 if it is not there
  std::string output;  // what it wrote to standard output
  std::string errors;  // and to standard error
};

struct Listening {
  bool show_errors = false;                // on this program's standard error as well, as they come
  int (*signal_of)() = +[] { return 0; };  // asked now and then for a signal to hand on, or 0
};

/// Runs `command` (a program on the PATH or a path, then its arguments) on `input` and waits. It
/// gets SIGTERM if this program dies, and of a terminal's Ctrl-C only what is handed on. RunError
/// if nothing can be started.
Ended run_process(const std::vector<std::string>& command, std::string_view input = {},
                  const Listening& listening = {});

}  // namespace robmask
