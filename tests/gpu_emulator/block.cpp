// A block: each fibre takes the next thread that nobody began, and runs it to its end unless it must
// wait for others. A kernel without barriers and shuffles thus needs one fibre.

#include "tests/gpu_emulator/block.h"

#include <cxxabi.h>

#include <cstdlib>
#include <deque>
#include <numeric>

#include "tests/gpu_emulator/fibre.h"
#include "tests/gpu_emulator/guarded.h"

namespace robmask::gpu::emulated {

Place place;

namespace {

void work();

struct Worker {
  explicit Worker(std::size_t index) : fibre(work, index) {}

  Fibre fibre;
  int thread = 0;  // the one it runs or ran last
  Where where{};   // where that thread waits
};

/// Threads that wait for others at one place of the program.
struct Meeting {
  std::vector<Worker*> arrived;
};

struct Warp : Meeting {
  unsigned exchanges = 0;
  // Two sets: a thread may bring its next value while others have yet to fetch the last.
  std::byte values[2][warp_size][largest_exchange];
};

const Launch* current = nullptr;
std::deque<Worker> workers;
std::vector<Worker*> idle;
std::deque<Worker*> ready;  // met all they waited for
Worker* running = nullptr;
Meeting barrier_meeting;
std::vector<Warp> warps;
int begun, ended;           // threads of this block
int first_warp, lane_flip;  // which thread begins first
std::uint64_t random_state = 1;

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
std::uint64_t random_bits() {
  std::uint64_t z = random_state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

int next_thread() {
  const int i = begun++, count = current->threads / warp_size;
  return (first_warp + i / warp_size) % count * warp_size + (i % warp_size ^ lane_flip);
}

/// What a fibre does all its life.
void work() {
  for (;;) {
    while (begun < current->threads) {
      running->thread = place.thread = next_thread();
      current->run_thread(current->kernel.data());
      ++ended;
    }
    idle.push_back(running);
    running->fibre.pause();
  }
}

Worker* take_worker() {
  if (idle.empty()) return &workers.emplace_back(workers.size());
  Worker* worker = idle.back();
  idle.pop_back();
  return worker;
}

std::string in_words(const Where& where) {
  return fmt::format("{}:{}", where.file_name(), where.line());
}

/// Waits until `count` threads are here.
void meet(Meeting& meeting, std::size_t count, const Where& where) {
  auto& arrived = meeting.arrived;
  if (!arrived.empty()) {
    const Worker& other = *arrived.front();
    if (other.where.line() != where.line() || other.where.column() != where.column())
      fail(fmt::format("waits for others at {} while thread {} does at {}", in_words(where),
                       other.thread, in_words(other.where)));
  }
  if (arrived.size() + 1 == count) {
    ready.insert(ready.end(), arrived.begin(), arrived.end());
    arrived.clear();
  } else {
    running->where = where;
    arrived.push_back(running);
    running->fibre.pause();
  }
}

/// Nobody can go on: says who waits for whom.
void explain_unless_empty(const Meeting& meeting, std::size_t count, const char* what) {
  if (meeting.arrived.empty()) return;
  const Worker& first = *meeting.arrived.front();
  place.thread = first.thread;
  fail(fmt::format("waits at the {} of {}, which {} of {} threads reach", what,
                   in_words(first.where), meeting.arrived.size(), count));
}

void run_block(const Position& position) {
  const int count = current->threads / warp_size;
  place.block = position;
  if (place.shared != nullptr) std::memset(place.shared, 0xFF, place.shared_bytes);
  begun = ended = 0;
  const std::uint64_t bits = random_bits();
  first_warp = static_cast<int>(bits >> 32) & 0xFFFF;
  first_warp %= count;
  lane_flip = static_cast<int>(bits % warp_size);
  while (!ready.empty() || begun < current->threads) {
    if (ready.empty()) {
      running = take_worker();
    } else {
      running = ready.front();
      ready.pop_front();
    }
    place.thread = running->thread;
    running->fibre.resume();
  }
  if (ended == current->threads) return;
  for (const Warp& warp : warps) explain_unless_empty(warp, warp_size, "shuffle");
  explain_unless_empty(barrier_meeting, current->threads, "barrier");
}

}  // namespace

void meet_block(Where where) { meet(barrier_meeting, current->threads, where); }

void meet_warp(void* value, std::size_t bytes, int from, Where where) {
  Warp& warp = warps[place.thread / warp_size];
  if (from < 0 || from >= warp_size) fail("shuffles with a thread outside the warp");
  auto& values = warp.values[warp.exchanges % 2];
  std::memcpy(values[place.thread % warp_size], value, bytes);
  if (warp.arrived.size() + 1 == warp_size) ++warp.exchanges;
  meet(warp, warp_size, where);
  std::memcpy(value, values[from], bytes);
}

void shuffle_order(std::uint64_t seed) { random_state = seed; }

void run(const Launch& launch) {
  static GuardedMemory shared_memory(227 * 1024);
  current = &launch;
  place.blocks = {launch.blocks.x, launch.blocks.y, launch.blocks.z};
  place.shared_bytes = launch.shared_bytes;
  place.shared = launch.shared_bytes == 0 ? nullptr : shared_memory.last(launch.shared_bytes);
  warps.resize(launch.threads / warp_size);

  const Blocks& grid = launch.blocks;
  std::vector<std::uint64_t> order(std::uint64_t{grid.x} * grid.y * grid.z);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_bits() % i]);
  for (const std::uint64_t i : order)
    run_block({static_cast<unsigned>(i % grid.x), static_cast<unsigned>(i / grid.x % grid.y),
               static_cast<unsigned>(i / grid.x / grid.y)});
  current = nullptr;
}

std::string running_thread() {
  if (current == nullptr) return {};
  char* name = abi::__cxa_demangle(current->type, nullptr, nullptr, nullptr);
  const std::string kernel = name == nullptr ? current->type : name;
  std::free(name);
  return fmt::format("kernel {}, block {},{},{}, thread {}", kernel, place.block.x, place.block.y,
                     place.block.z, place.thread);
}

void fail(const std::string& what) {
  fmt::print(stderr, "GPU emulator: {}: {}\n", running_thread(), what);
  std::abort();
}

}  // namespace robmask::gpu::emulated
