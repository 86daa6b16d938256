// Asynchronous copies: each thread's own, done no sooner than it waits for them.

#include "tests/gpu_emulator/copies.h"

#include <optional>
#include <vector>

#include "tests/gpu_emulator/block.h"
#include "tests/gpu_emulator/counts.h"
#include "tests/gpu_emulator/race_detector.h"

namespace robmask::gpu::emulated {

namespace {

constexpr std::size_t copied = 16, most_shared = 227 * 1024;  // bytes

struct Copy {
  const void* from;  // nullptr: zeros
  int thread;
  Where where;
};
// What is on its way, by its place in shared memory.
std::optional<Copy> copies[most_shared / copied];
const Copy* volatile being_done = nullptr;  // for whoever explains a fault

/// The places where one thread's copies go, and after how many of them each group ends.
struct Thread {
  std::vector<std::size_t> places;
  std::vector<std::size_t> ends;
};
Thread threads[1024];
bool any = false;

bool aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % copied == 0;
}

/// The place of 16 bytes of shared memory, for a thread that `does` something there.
std::size_t place_of(const void* address, const char* does, const Where& where) {
  const auto offset =
      static_cast<std::size_t>(static_cast<const std::byte*>(address) - place.shared);
  if (offset >= place.shared_bytes)
    fail(fmt::format("{} memory that its block does not share at {}", does, in_words(where)));
  return offset / copied;
}

void perform(std::size_t at) {
  std::optional<Copy>& copy = copies[at];
  std::byte* to = place.shared + at * copied;
  being_done = &*copy;
  note_write(to, copied);
  if (copy->from == nullptr) {
    std::memset(to, 0, copied);
  } else {
    note_read(copy->from, copied);
    std::memcpy(to, copy->from, copied);
  }
  being_done = nullptr;
  copy.reset();
}

}  // namespace

void copy_async(void* to, const void* from, bool wanted, Where where) {
  if (!aligned(to) || (wanted && !aligned(from)))
    fail(fmt::format("copies 16 bytes to or from no multiple of 16 at {}", in_words(where)));
  const std::size_t at = place_of(to, "copies to", where);
  if (copies[at])
    fail(fmt::format("copies at {} to where a copy of thread {} at {} is on its way",
                     in_words(where), copies[at]->thread, in_words(copies[at]->where)));
  if (counting) {
    note(Access::copy_from, wanted ? from : nullptr, copied, where);
    note(Access::copy_to, to, copied, where);
  }
  note_write(to, copied);
  std::memset(to, 0xFF, copied);
  copies[at] = {wanted ? from : nullptr, place.thread, where};
  threads[place.thread].places.push_back(at);
  any = true;
}

void require_whole_chunk(const void* to, Where where) {
  if (!aligned(to))
    fail(fmt::format("stores 16 bytes to no multiple of 16 at {}", in_words(where)));
}

void commit_copies() {
  Thread& thread = threads[place.thread];
  thread.ends.push_back(thread.places.size());
  any = true;
}

void wait_copies(std::size_t groups) {
  auto& [places, ends] = threads[place.thread];
  if (ends.size() <= groups) return;
  const auto first_left = ends.end() - static_cast<std::ptrdiff_t>(groups);
  const std::size_t done = first_left[-1];
  for (std::size_t i = 0; i < done; ++i) perform(places[i]);
  places.erase(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(done));
  ends.erase(ends.begin(), first_left);
  for (std::size_t& end : ends) end -= done;
}

void require_arrived(const void* row, const Where& where) {
  const std::optional<Copy>& copy = copies[place_of(row, "loads the row of a matrix from", where)];
  if (copy)
    fail(fmt::format("loads at {} what thread {} copies at {} and has not waited for",
                     in_words(where), copy->thread, in_words(copy->where)));
}

void end_copies() {
  if (!any) return;
  for (Thread& thread : threads) {
    if (!thread.places.empty()) {
      const Copy& copy = *copies[thread.places.front()];
      place.thread = copy.thread;
      fail(
          fmt::format("ends without having waited for what it copies at {}", in_words(copy.where)));
    }
    thread.ends.clear();
  }
  any = false;
}

const Where* copy_being_done() {
  const Copy* copy = being_done;
  return copy == nullptr ? nullptr : &copy->where;
}

}  // namespace robmask::gpu::emulated
