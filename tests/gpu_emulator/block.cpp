// A block: each fibre takes the next thread that nobody began, and runs it to its end unless it
// must wait for others. A kernel without barriers and shuffles thus needs one fibre. Only where
// races are looked for does each thread have its own.

#include "tests/gpu_emulator/block.h"

#include <cstdlib>
#include <deque>
#include <memory>

#include "tests/gpu_emulator/copies.h"
#include "tests/gpu_emulator/counts.h"
#include "tests/gpu_emulator/guarded.h"
#include "tests/gpu_emulator/order.h"
#include "tests/gpu_emulator/worker.h"

namespace robmask::gpu::emulated {

Place place;

namespace {

struct Warp {
  Line arrived;
  const char* at = "shuffle";
  unsigned exchanges = 0;
  // Two sets: a thread may bring its next value while others have yet to fetch the last.
  Parcel parcels[2][warp_size];
  void* brought[warp_size];
};

const Launch* current = nullptr;
std::deque<Worker> workers;
Line idle, ready;  // those ready met all they waited for
Line at_barrier;
Worker* running = nullptr;
std::vector<Warp> warps;
int begun, ended;  // threads of this block
Orders orders(1);
ThreadOrder order;

// For the race detector. Threads look at `launched` when they begin and publish to `done` when they
// end. Each barrier has a token of its own; so many that none is used again while it matters.
// Shuffles have none: they do not order what threads write to memory.
constexpr std::size_t token_bytes = 8, tokens = 4096;
alignas(token_bytes) char launched[token_bytes], done[token_bytes];
alignas(token_bytes) char barrier_tokens[tokens * token_bytes];
std::size_t barriers = 0;  // of all blocks so far

void run_next_thread() {
  running->thread = place.thread = order(begun++);
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

Worker* make_worker() { return &workers.emplace_back(work, workers.size()); }

Worker* take_worker() {
  if (watched()) {
    const auto i = static_cast<std::size_t>(begun);
    return i == workers.size() ? make_worker() : &workers[i];
  }
  return idle.size == 0 ? make_worker() : idle.take();
}

/// Waits until `count` threads have arrived; true for the last, which goes on before the others.
bool meet(Line& arrived, int count, const Where& where) {
  if (arrived.size > 0) {
    const Worker& other = *arrived.first;
    if (other.where.line() != where.line() || other.where.column() != where.column())
      fail(fmt::format("waits for others at {} while thread {} does at {}", in_words(where),
                       other.thread, in_words(other.where)));
  }
  if (arrived.size + 1 == count) {
    ready.append(arrived);
    arrived = {};
    return true;
  }
  running->where = where;
  arrived.append(running);
  running->fibre.pause();
  return false;
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
  order = orders.threads(current->threads / warp_size);
  publish(launched);
  while (ready.size > 0 || begun < current->threads) {
    running = ready.size > 0 ? ready.take() : take_worker();
    place.thread = running->thread;
    running->fibre.resume();
  }
  if (counting) end_counts();
  if (ended == current->threads) return end_copies();
  for (const Warp& warp : warps) explain_unless_empty(warp.arrived, warp_size, warp.at);
  explain_unless_empty(at_barrier, current->threads, "barrier");
}

}  // namespace

void meet_block(Where where) {
  char* token = barrier_tokens + barriers % tokens * token_bytes;
  publish(token);
  if (at_barrier.size + 1 == current->threads) {
    ++barriers;
    if (counting) ++counts.barriers;
  }
  meet(at_barrier, current->threads, where);
  look(token);
}

Parcel meet_warp(Parcel mine, int from, Where where) {
  if (from < 0 || from >= warp_size) fail("shuffles with a thread outside the warp");
  Warp& warp = warps[place.thread / warp_size];
  auto& parcels = warp.parcels[warp.exchanges % 2];
  parcels[place.thread % warp_size] = mine;
  if (warp.arrived.size + 1 == warp_size) ++warp.exchanges;
  warp.at = "shuffle";
  meet(warp.arrived, warp_size, where);
  return parcels[from];
}

void meet_warp(void* mine, void (*work)(void* const*), const char* name, Where where) {
  Warp& warp = warps[place.thread / warp_size];
  warp.brought[place.thread % warp_size] = mine;
  warp.at = name;
  if (meet(warp.arrived, warp_size, where)) work(warp.brought);
}

void shuffle_order(std::uint64_t seed) { orders = Orders(seed); }

void run(const Launch& launch) {
  current = &launch;
  place.shared_bytes = launch.shared_bytes;
  warps.resize(launch.threads / warp_size);

  const Blocks& grid = launch.blocks;
  for (const std::uint64_t i : orders.blocks(std::uint64_t{grid.x} * grid.y * grid.z))
    run_block({static_cast<unsigned>(i % grid.x), static_cast<unsigned>(i / grid.x % grid.y),
               static_cast<unsigned>(i / grid.x / grid.y)});
  look(done);
  current = nullptr;
}

std::string in_words(const Where& where) {
  return fmt::format("{}:{}", where.file_name(), where.line());
}

std::string running_thread() {
  if (current == nullptr) return {};
  return fmt::format("kernel {}, block {},{},{}, thread {}", kernel_name(current->type),
                     place.block.x, place.block.y, place.block.z, place.thread);
}

void fail(const std::string& what) {
  fmt::print(stderr, "GPU emulator: {}: {}\n", running_thread(), what);
  std::abort();
}

}  // namespace robmask::gpu::emulated
