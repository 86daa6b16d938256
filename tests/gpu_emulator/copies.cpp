// Asynchronous copies: each thread's own, done no sooner than it waits for them.

#include <vector>

#include "tests/gpu_emulator/block.h"
#include "tests/gpu_emulator/race_detector.h"

namespace robmask::gpu::emulated {

namespace {

constexpr std::size_t copied = 16;

struct Copy {
  void* to;
  const void* from;  // nullptr: zeros
};

/// The copies of one thread that are on their way, and after how many of them each group ends.
struct Thread {
  std::vector<Copy> copies;
  std::vector<std::size_t> ends;
};

Thread threads[1024];
bool any = false;

bool aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % copied == 0;
}

void perform(const Copy& copy) {
  note_write(copy.to, copied);
  if (copy.from == nullptr) {
    std::memset(copy.to, 0, copied);
  } else {
    note_read(copy.from, copied);
    std::memcpy(copy.to, copy.from, copied);
  }
}

}  // namespace

void copy_async(void* to, const void* from, bool wanted, Where where) {
  if (!aligned(to) || (wanted && !aligned(from)))
    fail(fmt::format("copies 16 bytes to or from no multiple of 16 at {}", in_words(where)));
  note_write(to, copied);
  std::memset(to, 0xFF, copied);
  threads[place.thread].copies.push_back({to, wanted ? from : nullptr});
  any = true;
}

void commit_copies() {
  Thread& thread = threads[place.thread];
  thread.ends.push_back(thread.copies.size());
  any = true;
}

void wait_copies(std::size_t groups) {
  auto& [copies, ends] = threads[place.thread];
  if (ends.size() <= groups) return;
  const auto first_left = ends.end() - static_cast<std::ptrdiff_t>(groups);
  const std::size_t done = first_left[-1];
  for (std::size_t i = 0; i < done; ++i) perform(copies[i]);
  copies.erase(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(done));
  ends.erase(ends.begin(), first_left);
  for (std::size_t& end : ends) end -= done;
}

void forget_copies() {
  if (!any) return;
  for (Thread& thread : threads) {
    thread.copies.clear();
    thread.ends.clear();
  }
  any = false;
}

}  // namespace robmask::gpu::emulated
