#pragma once
// One error style for the whole house: what was expected, what came, what to do next, in one line.
// Arguments stand in backticks under their names, `batch`, for which a command line has its flags.
// The kind of error decides the exit code of the command line.

#include <fmt/format.h>

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

/// Throws InputError with the formatted text unless `ok`.
template <class... Args>
void require(bool ok, fmt::format_string<Args...> text, Args&&... args) {
  if (!ok) throw InputError(fmt::format(text, std::forward<Args>(args)...));
}

/// Throws std::logic_error unless `ok`: a broken promise between two parts of this program.
template <class... Args>
void expect(bool ok, fmt::format_string<Args...> text, Args&&... args) {
  if (!ok) throw std::logic_error(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace robmask
