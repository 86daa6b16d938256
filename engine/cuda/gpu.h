#pragma once
// All that a kernel may use besides plain C++, and how kernels are started: the one file that knows
// CUDA's language. Compiled by nvcc it is the device; compiled by an ordinary compiler it is the
// emulator of tests/gpu_emulator, which runs the same kernels on the CPU and looks for their
// mistakes (docs/emulator.md).
//
// A kernel is a struct: its fields are the arguments, its call operator is what each thread does,
// `threads` the size of a block, and Shared, if it has one, what a block shares.
//
//   template <class T>
//   struct Negate {
//     static constexpr int threads = 256;
//     T* y;
//     const T* x;
//     Index count;
//
//     GPU_DEVICE void operator()() const {
//       const Index i = Index{gpu::block().x} * threads + gpu::thread();
//       if (i < count) y[i] = -x[i];
//     }
//   };
//   gpu::launch(stream, {(count + 255) / 256}, Negate<float>{y, x, count});
//
// The fields are copied when the kernel is started, byte by byte, so they are numbers and device
// pointers. Blocks have one dimension, whole warps; grids have up to three. Blocks of one launch
// run in any order and never wait for each other.

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "engine/shape.h"

#if defined(__CUDACC__)
#define GPU_DEVICE __device__ __forceinline__
#define GPU_UNROLL _Pragma("unroll")         // for loops over registers
#define GPU_UNROLL_FOUR _Pragma("unroll 4")  // for loads that should not wait for each other
#define GPU_NO_UNROLL _Pragma("unroll 1")    // where more code would need more registers
#else
#define GPU_DEVICE inline
#define GPU_UNROLL
#define GPU_UNROLL_FOUR
#define GPU_NO_UNROLL
#endif

namespace robmask::gpu {

/// How many blocks there are, or which one this is.
struct Blocks {
  unsigned x = 1, y = 1, z = 1;

  Blocks() = default;
  template <class X, class Y = int, class Z = int>
  Blocks(X columns, Y rows = 1, Z layers = 1)
      : x(static_cast<unsigned>(columns)),
        y(static_cast<unsigned>(rows)),
        z(static_cast<unsigned>(layers)) {}
  bool operator==(const Blocks&) const = default;
};

/// Threads that run in step and exchange registers.
inline constexpr int warp_size = 32;

/// What a kernel's block shares; nothing unless it says `struct Shared`.
template <class Kernel, class = void>
struct SharedBytes : std::integral_constant<std::size_t, 0> {};
template <class Kernel>
struct SharedBytes<Kernel, std::void_t<typename Kernel::Shared>>
    : std::integral_constant<std::size_t, sizeof(typename Kernel::Shared)> {};

/// What any kernel may rely on: the devices we run on allow it.
template <class Kernel>
inline constexpr bool is_kernel =
    std::is_trivially_copyable_v<Kernel>&& Kernel::threads % warp_size == 0 &&
    Kernel::threads <= 1024 && SharedBytes<Kernel>::value <= 227 * 1024;

/// The most that moves between registers and memory at once; at a multiple of its size.
struct alignas(16) Chunk {
  std::uint32_t words[4];
};

/// The name of a kernel's type in words: "Fill<float>".
std::string kernel_name(const char* type);

}  // namespace robmask::gpu

#if defined(__CUDACC__)
#include "engine/cuda/gpu_device.h"
#else
#include "tests/gpu_emulator/gpu_emulated.h"
#endif

namespace robmask::gpu {

// ---- failures: engine/cuda/failures.cu ----------------------------------------------------------

/// Whether ROBMASK_SYNC=1 is in the environment: then the host waits for each kernel, so that the
/// one that fails is known, and nothing is recorded.
bool one_by_one();
/// Every launch says so here: `type` is its kernel's, as std::type_info names it.
void started(Stream stream, const char* type);
/// And every launch of a graph so.
void started_graph();
/// RunError: a kernel failed; which one, as far as that is known.
[[noreturn]] void throw_failure(const std::string& why);

// ---- what the host asks of the device: engine/cuda/device.cu and uploads.cu, or the emulator ----
// A kernel that failed is reported by whatever is asked next: throw_failure.

/// How many GPUs there are, at least one. Unavailable if none, or if the driver is missing or too
/// old.
int device_count();
/// The GPU that the calling thread means from here on. Unavailable if it cannot be used, as when
/// this build has no kernels for it.
void use_device(int device);
/// The architecture of that GPU, "sm_90"; "emulated" in the emulator.
std::string architecture(int device);
/// What tells it from any other GPU of this machine: its place on the bus.
std::string place_of(int device);

/// Work given to one stream is done in order, some time after it was given.
Stream make_stream();
void destroy_stream(Stream stream);
/// Returns when all work of the stream is done. RunError if some of it failed.
void synchronize(Stream stream);
/// Whether all of it is done. RunError likewise.
bool idle(Stream stream);

/// A mark in the work of a stream, which other streams wait for: what `stream` is given from here on
/// is done after what was given to the stream that was marked last. Where that is being recorded,
/// `stream` is from here on, too, until the recorded one waits for a mark of it.
Event make_event();
void destroy_event(Event event);
void mark(Stream stream, Event event);
void wait_for(Stream stream, Event event);

/// From here on, work given to the stream is recorded instead of done. Nothing may wait for it.
void begin_capture(Stream stream);
bool is_capturing(Stream stream);
/// Ends the recording. The graph does all that was recorded, in order, each time it is launched.
Graph end_capture(Stream stream);
/// Ends the recording, whatever became of it, and forgets it.
void abandon_capture(Stream stream);
/// Gives the graph's work to the stream, as one piece.
void launch(Stream stream, Graph graph);
/// After the stream's work on it is done.
void destroy_graph(Graph graph);

/// Throws std::logic_error if the stream is being recorded: what was recorded has not run, so there
/// is nothing to wait for, and a launch of the graph would not do `what` again.
inline void refuse_in_capture(Stream stream, const char* what) {
  expect(!is_capturing(stream),
         "{} inside a replayed iteration, which is recorded before it runs (engine/replay.h)",
         what);
}

/// Device memory, not initialized, aligned to 64 bytes; nullptr if not so much is free.
std::byte* allocate(std::size_t bytes);
/// Gives it back once all work that was given to the device is done.
void release(std::byte* memory);
/// Bytes that are free on the device.
std::size_t free_memory();
/// Whether an access beyond the end of an allocation is noticed: always by the emulator; on a device
/// by compute-sanitizer, whose caller says so by ROBMASK_GUARD=1 in the environment.
bool guards_memory();

/// Copies after all earlier work of the stream and before all later work. What is copied to the
/// device may change when the call returns; what is copied to the host is there.
void copy_to_device(Stream stream, std::byte* to, const void* host, std::size_t bytes);
void copy_to_host(Stream stream, void* host, const std::byte* from, std::size_t bytes);

}  // namespace robmask::gpu
