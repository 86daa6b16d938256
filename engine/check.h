#pragma once
// One error style for the whole house: what was expected, what came, what to do next, in one line.
// Arguments stand in backticks under their names, `batch`, for which a command line has its flags.
// The kind of error decides the exit code of the command line.

#include <fmt/format.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace robmask {

/// Bad usage or bad input (a flag, a file, a label): exit code 2.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The run or a check failed (a diverging loss, a full disk): exit code 1.
struct RunError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The machine has less memory left than was asked for: exit code 1.
struct OutOfMemory : RunError {
  using RunError::RunError;
};

/// The machine that was asked for is not here (no GPU): exit code 77.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A signal asked the program to stop: it leaves the loop it is in, and ends with 128 + signal.
struct Interrupted : std::exception {
  explicit Interrupted(int number) : signal(number) {}
  const char* what() const noexcept override { return "interrupted"; }
  int signal;
};

/// Throw InputError, and std::logic_error, with the formatted text. Apart from those who call them,
/// since no program should hold the text's making at a thousand places.
[[noreturn]] void throw_input_error(fmt::string_view text, fmt::format_args args);
[[noreturn]] void throw_logic_error(fmt::string_view text, fmt::format_args args);

/// Throws InputError with the formatted text unless `ok`.
template <class... Args>
void require(bool ok, fmt::format_string<Args...> text, Args&&... args) {
  if (!ok) throw_input_error(text, fmt::make_format_args(args...));
}

/// Throws std::logic_error unless `ok`: a broken promise between two parts of this program.
template <class... Args>
void expect(bool ok, fmt::format_string<Args...> text, Args&&... args) {
  if (!ok) throw_logic_error(text, fmt::make_format_args(args...));
}

}  // namespace robmask
