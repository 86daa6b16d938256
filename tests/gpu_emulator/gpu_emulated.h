#pragma once
// gpu.h on the CPU, where the threads of a block are fibres (docs/emulator.md). Included by gpu.h
// only.

#include <cstring>
#include <source_location>
#include <typeinfo>
#include <vector>

namespace robmask::gpu {

struct Position {
  unsigned x, y, z;
};

namespace emulated {

struct Queue;
struct Recorded;
struct Mark;
using Where = std::source_location;

/// What the running thread knows of itself.
struct Place {
  int thread;
  Position block;
  std::byte* shared;
  std::size_t shared_bytes;
};
extern Place place;

/// A kernel that was started: its bytes, and how one thread runs it.
struct Launch {
  const char* type;  // as std::type_info names it
  void (*run_thread)(const void* kernel);
  std::vector<std::byte> kernel;
  int threads;
  std::size_t shared_bytes;
  Blocks blocks;

  /// The same kernel with the same arguments over the same grid.
  bool operator==(const Launch&) const = default;
};

/// What threads of a warp exchange.
struct Parcel {
  std::uint64_t words[2];
};

/// Waits for the block's other threads; for the warp's, and returns what its thread `from` brought.
/// Aborts if some thread of them ends, or waits elsewhere, instead of coming.
void meet_block(Where where);
Parcel meet_warp(Parcel mine, int from, Where where);
/// Waits for the warp's other threads, too; the last to come does `work` on what all 32 brought.
void meet_warp(void* mine, void (*work)(void* const* brought), const char* name, Where where);

/// Aborts unless 16 bytes can be stored there at once.
void require_whole_chunk(const void* to, Where where);

/// Appends to the stream. Aborts if the device has no such grid.
void enqueue(Queue* stream, Launch launch);
/// Another seed, another order of blocks and threads from here on.
void shuffle_order(std::uint64_t seed);
/// Ends the program with a line that names kernel, block and thread.
[[noreturn]] void fail(const std::string& what);

template <class T>
T exchange(T value, int from, Where where) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(Parcel));
  Parcel parcel{};
  std::memcpy(&parcel, &value, sizeof value);
  parcel = meet_warp(parcel, from, where);
  std::memcpy(&value, &parcel, sizeof value);
  return value;
}

}  // namespace emulated

using Stream = emulated::Queue*;
using Graph = emulated::Recorded*;
using Event = emulated::Mark*;

void started(Stream stream, const char* type);

namespace emulated {
/// What a graph launches, in order.
const std::vector<Launch>& launches_of(Graph graph);

/// The device has no more than this many bytes from here on, or as much as ever.
void limit_memory(std::size_t bytes);
void unlimit_memory();
/// The next kernel whose name has this part fails as soon as it is started, and nothing runs after
/// it; whatever is asked of the device next reports that. With an empty name, the device is whole
/// again.
void break_kernel(const std::string& part);
/// cuBLAS does not start, or does again.
void break_cublas(bool broken);
}  // namespace emulated

GPU_DEVICE int thread() { return emulated::place.thread; }
GPU_DEVICE Position block() { return emulated::place.block; }

GPU_DEVICE void barrier(emulated::Where where = emulated::Where::current()) {
  emulated::meet_block(where);
}

template <class T>
GPU_DEVICE T shuffle_xor(T value, int mask, emulated::Where where = emulated::Where::current()) {
  return emulated::exchange(value, (thread() % warp_size) ^ mask, where);
}
template <class T>
GPU_DEVICE T shuffle_down(T value, int distance,
                          emulated::Where where = emulated::Where::current()) {
  const int lane = thread() % warp_size, from = lane + distance;
  return emulated::exchange(value, from < warp_size ? from : lane, where);
}

GPU_DEVICE float maximum(float a, float b) { return a > b || a != a ? a : b; }

GPU_DEVICE void store_chunk(void* to, const Chunk& c,
                            emulated::Where where = emulated::Where::current()) {
  emulated::require_whole_chunk(to, where);
  std::memcpy(to, &c, sizeof c);
}

template <class Shared>
GPU_DEVICE Shared& shared() {
  if (sizeof(Shared) > emulated::place.shared_bytes)
    emulated::fail("shares more than the Shared that the kernel declares");
  return *reinterpret_cast<Shared*>(emulated::place.shared);
}

template <class Kernel>
void launch(Stream stream, Blocks blocks, const Kernel& kernel) {
  static_assert(is_kernel<Kernel>, "plain fields, whole warps, no more than a block may share");
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0) return;
  Kernel fields = kernel;
  // So that equal arguments have equal bytes. g++ 12 loses its place behind an array of structs, and
  // clears what is none: kernels have theirs last.
  __builtin_clear_padding(&fields);
  std::vector<std::byte> bytes(sizeof fields);
  std::memcpy(bytes.data(), &fields, sizeof fields);
  const auto run_thread = [](const void* k) { (*static_cast<const Kernel*>(k))(); };
  emulated::enqueue(stream, {typeid(Kernel).name(), run_thread, std::move(bytes), Kernel::threads,
                             SharedBytes<Kernel>::value, blocks});
  started(stream, typeid(Kernel).name());
}

}  // namespace robmask::gpu

#include "tests/gpu_emulator/gpu_emulated_matrix.h"
