// A block: each fibre takes the next thread that nobody began, and runs it to its end unless it must
// wait for others. A kernel without barriers and shuffles thus needs one fibre. Only where races are
// looked for does each thread have its own.

#include "tests/gpu_emulator/block.h"

#include <cxxabi.h>

#include <cstdlib>
#include <deque>
#include <memory>
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
  int thread = 0;          // the one it runs or ran last
  Where where{};           // where that thread waits
  Worker* next = nullptr;  // in a line
};

/// Workers in the order they came; at most one line holds a worker at a time. No memory is taken, which
/// the race detector would see.
struct Line {
  Worker *first = nullptr, *last = nullptr;
  int size = 0;

  void append(const Line& other) {
    if (other.size == 0) return;
    (size == 0 ? first : last->next) = other.first;
    last = other.last;
    size += other.size;
  }
  void append(Worker* worker) {
    worker->next = nullptr;
    append({worker, worker, 1});
  }
  Worker* take() {
    Worker* worker = first;
    first = worker->next;
    --size;
    return worker;
  }
};

struct Warp {
  Line arrived;  // at a shuffle
  unsigned exchanges = 0;
  // Two sets: a thread may bring its next value while others have yet to fetch the last.
  Parcel parcels[2][warp_size];
};

const Launch* current = nullptr;
std::deque<Worker> workers;
Line idle, ready;  // those ready met all they waited for
Line at_barrier;
Worker* running = nullptr;
std::vector<Warp> warps;
int begun, ended;           // threads of this block
int first_warp, lane_flip;  // which thread begins first
std::uint64_t random_state = 1;

// For the race detector. Threads look at `launched` when they begin and publish to `done` when they
// end. Each barrier has a token of its own; so many that none is used again while it matters. Shuffles
// have none: they do not order what threads write to memory.
constexpr std::size_t token_bytes = 8, tokens = 4096;
alignas(token_bytes) char launched[token_bytes], done[token_bytes];
alignas(token_bytes) char barrier_tokens[tokens * token_bytes];
std::size_t barriers = 0;  // of all blocks so far

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

void run_next_thread() {
  running->thread = place.thread = next_thread();
  look(launched);
  current->run_thread(current->kernel.data());
  publish(done);
  ++ended;
}

/// What a fibre does all its life.
void work() {
  for (;;) {
    do run_next_thread();
    while (begun < current->threads && !watched());
    if (!watched()) idle.append(running);
    running->fibre.pause();
  }
}

Worker* make_worker() { return &workers.emplace_back(workers.size()); }

Worker* take_worker() {
  if (watched()) {
    const auto i = static_cast<std::size_t>(begun);
    return i == workers.size() ? make_worker() : &workers[i];
  }
  return idle.size == 0 ? make_worker() : idle.take();
}

std::string in_words(const Where& where) {
  return fmt::format("{}:{}", where.file_name(), where.line());
}

/// Waits until `count` threads have arrived.
void meet(Line& arrived, int count, const Where& where) {
  if (arrived.size > 0) {
    const Worker& other = *arrived.first;
    if (other.where.line() != where.line() || other.where.column() != where.column())
      fail(fmt::format("waits for others at {} while thread {} does at {}", in_words(where),
                       other.thread, in_words(other.where)));
  }
  if (arrived.size + 1 == count) {
    ready.append(arrived);
    arrived = {};
  } else {
    running->where = where;
    arrived.append(running);
    running->fibre.pause();
  }
}

/// Nobody can go on: says who waits for whom.
void explain_unless_empty(const Line& arrived, int count, const char* what) {
  if (arrived.size == 0) return;
  place.thread = arrived.first->thread;
  fail(fmt::format("waits at the {} of {}, which {} of {} threads reach", what,
                   in_words(arrived.first->where), arrived.size, count));
}

/// Gives the block its shared memory: poisoned, and for the race detector without a past.
void share() {
  static std::unique_ptr<GuardedMemory> memory;
  if (place.shared_bytes == 0) return;
  if (!memory || memory->bytes() != place.shared_bytes || watched())
    memory = std::make_unique<GuardedMemory>(place.shared_bytes);
  place.shared = memory->last(place.shared_bytes);
  std::memset(place.shared, 0xFF, place.shared_bytes);
}

void run_block(const Position& position) {
  place.block = position;
  share();
  begun = ended = 0;
  ++barriers;
  const std::uint64_t bits = random_bits();
  first_warp = static_cast<int>((bits >> 32) % (current->threads / warp_size));
  lane_flip = static_cast<int>(bits % warp_size);
  publish(launched);
  while (ready.size > 0 || begun < current->threads) {
    running = ready.size > 0 ? ready.take() : take_worker();
    place.thread = running->thread;
    running->fibre.resume();
  }
  if (ended == current->threads) return;
  for (const Warp& warp : warps) explain_unless_empty(warp.arrived, warp_size, "shuffle");
  explain_unless_empty(at_barrier, current->threads, "barrier");
}

}  // namespace

void meet_block(Where where) {
  char* token = barrier_tokens + barriers % tokens * token_bytes;
  publish(token);
  if (at_barrier.size + 1 == current->threads) ++barriers;
  meet(at_barrier, current->threads, where);
  look(token);
}

Parcel meet_warp(Parcel mine, int from, Where where) {
  if (from < 0 || from >= warp_size) fail("shuffles with a thread outside the warp");
  Warp& warp = warps[place.thread / warp_size];
  auto& parcels = warp.parcels[warp.exchanges % 2];
  parcels[place.thread % warp_size] = mine;
  if (warp.arrived.size + 1 == warp_size) ++warp.exchanges;
  meet(warp.arrived, warp_size, where);
  return parcels[from];
}

void shuffle_order(std::uint64_t seed) { random_state = seed; }

void run(const Launch& launch) {
  current = &launch;
  place.blocks = {launch.blocks.x, launch.blocks.y, launch.blocks.z};
  place.shared_bytes = launch.shared_bytes;
  warps.resize(launch.threads / warp_size);

  const Blocks& grid = launch.blocks;
  std::vector<std::uint64_t> order(std::uint64_t{grid.x} * grid.y * grid.z);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_bits() % i]);
  for (const std::uint64_t i : order)
    run_block({static_cast<unsigned>(i % grid.x), static_cast<unsigned>(i / grid.x % grid.y),
               static_cast<unsigned>(i / grid.x / grid.y)});
  look(done);
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
