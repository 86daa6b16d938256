#pragma once
// Errors of C libraries: they call a function that must not return to them, so it jumps.

#include <array>
#include <csetjmp>
#include <cstdio>

namespace robmask {

struct Escape {
  std::jmp_buf back;
  std::array<char, 256> said{};

  [[noreturn]] void leave(const char* message) {
    std::snprintf(said.data(), said.size(), "%s", message);
    std::longjmp(back, 1);
  }
};

/// Calls `steps`; false if one of them left. A jump runs no destructors: whatever `steps` uses that
/// has one must live outside of it.
template <class F>
[[gnu::noinline]] bool stays(Escape& escape, const F& steps) {
  if (setjmp(escape.back) != 0) return false;
  steps();
  return true;
}

}  // namespace robmask
