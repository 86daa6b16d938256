#pragma once
// Code that can pause: a stack of its own, and the switch to it.

#include <cstddef>

#include "tests/gpu_emulator/race_detector.h"

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace robmask::gpu::emulated {

/// Runs `body`, which never returns, a stretch at a time. The stack ends at a page that may not be
/// touched. `index` staggers the stacks, which would otherwise all compete for the same cache
/// lines.
class Fibre {
 public:
  Fibre(void (*body)(), std::size_t index);
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;
  ~Fibre();

  /// Goes on with the body until it pauses.
  void resume();
  /// From the body: back to where resume() was called.
  void pause();

 private:
  std::byte* memory_;
  Watch watch_;
#if defined(__x86_64__)
  void *here_, *caller_;  // the stack pointers of whoever does not run
#else
  ucontext_t here_, caller_;
#endif
};

}  // namespace robmask::gpu::emulated
