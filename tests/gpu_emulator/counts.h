#pragma once
// How often the warps of a kernel go to memory, and what each time costs a device: counted from
// start_counting() to stop_counting(). docs/emulator.md says by which rules.

#include "engine/cuda/gpu.h"

namespace robmask::gpu::emulated {

/// Requests of warps to device memory, and the sectors of 32 bytes that they touch.
struct GlobalTraffic {
  std::uint64_t requests = 0, sectors = 0;
};

/// Requests of warps to shared memory, and the wavefronts that they take: turns of its 32 banks.
struct SharedTraffic {
  std::uint64_t requests = 0, wavefronts = 0;
};

struct Counts {
  // Loads and stores of single threads, as far as the kernel notes them.
  GlobalTraffic loads, stores;
  SharedTraffic shared;
  // What the emulator sees of every kernel: load_matrix; copy_async, at both of its ends; barriers
  // of blocks; products of warps on tensor cores.
  SharedTraffic matrix_loads;
  GlobalTraffic copies;
  SharedTraffic copies_to;
  std::uint64_t barriers = 0, products = 0;
  // Of single threads, as far as the kernel notes them.
  std::uint64_t multiply_adds = 0;
};

/// What the hooks of the emulator ask, so that nothing is done for those who do not count.
extern bool counting;
extern Counts counts;

/// Counts what kernels do that start from here on, from zero.
void start_counting();
/// Ends that, and returns what was counted.
Counts stop_counting();

enum class Access { load, store, copy_from, copy_to };

/// The running thread moves `bytes` bytes at an address, or takes no part in what its warp does at
/// that place of the source (nullptr). The k-th time of each lane there is one request of the warp:
/// lanes run one after another, and a device has them run in step.
void note(Access access, const void* address, std::size_t bytes, const Where& where);
/// The rows of 16 bytes that the lanes of a warp name.
void note_matrix_load(const void* const (&rows)[warp_size]);
/// All threads of a block ended: its requests are complete.
void end_counts();

}  // namespace robmask::gpu::emulated
