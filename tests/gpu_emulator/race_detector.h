#pragma once
// ThreadSanitizer, where the program is linked with it (make test-races); otherwise nothing
// happens. It is told which GPU thread runs and when threads wait for each other, and names the two
// source lines of two accesses that nothing orders. The kernels are compiled for it, the emulator
// is not.

#include <sanitizer/tsan_interface.h>

#include <cstddef>

#pragma weak __tsan_create_fiber
#pragma weak __tsan_destroy_fiber
#pragma weak __tsan_get_current_fiber
#pragma weak __tsan_switch_to_fiber
#pragma weak __tsan_acquire
#pragma weak __tsan_release
#pragma weak __tsan_read_range
#pragma weak __tsan_write_range

extern "C" {
void __tsan_read_range(void* address, unsigned long bytes);
void __tsan_write_range(void* address, unsigned long bytes);
}

namespace robmask::gpu::emulated {

/// Whether races are looked for.
inline bool watched() { return __tsan_create_fiber != nullptr; }

/// A thread of execution, as the detector sees it.
class Watch {
 public:
  Watch() : fibre_(watched() ? __tsan_create_fiber(0) : nullptr) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    if (watched()) __tsan_destroy_fiber(fibre_);
  }
  /// What runs from here on is this one; and is again the one before. Neither orders anything.
  void enter() {
    if (!watched()) return;
    caller_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fibre_, __tsan_switch_to_fiber_no_sync);
  }
  void leave() {
    if (watched()) __tsan_switch_to_fiber(caller_, __tsan_switch_to_fiber_no_sync);
  }

 private:
  void *fibre_, *caller_ = nullptr;
};

/// What a thread did before it published to a token comes before what another does after it looked.
inline void publish(char* token) {
  if (watched()) __tsan_release(token);
}
inline void look(char* token) {
  if (watched()) __tsan_acquire(token);
}

/// What the emulator reads and writes for the running thread.
inline void note_read(const void* address, std::size_t bytes) {
  if (watched()) __tsan_read_range(const_cast<void*>(address), bytes);
}
inline void note_write(void* address, std::size_t bytes) {
  if (watched()) __tsan_write_range(address, bytes);
}

}  // namespace robmask::gpu::emulated
