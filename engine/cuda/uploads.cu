// Copies from the host. An iteration has ten small ones (ids, codes, rates), which go through
// pinned memory, so that the host prepares the next iteration while the device is at this one. The
// emulator has its own.

#include <cstring>
#include <map>

#include "engine/cuda/gpu.h"

namespace robmask::gpu {

namespace {

/// Two halves of pinned memory, filled in turn, each again when all copies from it are done.
class Ring {
 public:
  static constexpr std::size_t half = std::size_t{256} << 10;

  explicit Ring(Stream stream) : stream_(stream) {
    check(cudaMallocHost(&memory_, 2 * half), "pinned memory");
    for (cudaEvent_t& copied : copied_)
      check(cudaEventCreateWithFlags(&copied, cudaEventDisableTiming), "making an event");
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// At most half of it.
  void upload(std::byte* to, const void* host, std::size_t bytes) {
    if (used_ + bytes > half) turn();
    std::byte* from = static_cast<std::byte*>(memory_) + now_ * half + used_;
    std::memcpy(from, host, bytes);
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "an upload");
    used_ += bytes;
  }

 private:
  void turn() {
    check(cudaEventRecord(copied_[now_], stream_), "an upload");
    now_ = 1 - now_;
    used_ = 0;
    check(cudaEventSynchronize(copied_[now_]), "an upload");
  }

  Stream stream_;
  void* memory_ = nullptr;
  cudaEvent_t copied_[2] = {};
  std::size_t now_ = 0, used_ = 0;
};

/// Kept for good, as the streams of machines are.
Ring& ring_of(Stream stream) {
  static auto& rings = *new std::map<Stream, Ring>;
  return rings.try_emplace(stream, stream).first->second;
}

}  // namespace

void copy_to_device(Stream stream, std::byte* to, const void* host, std::size_t bytes) {
  if (bytes <= Ring::half) return ring_of(stream).upload(to, host, bytes);
  check(cudaMemcpyAsync(to, host, bytes, cudaMemcpyHostToDevice, stream), "an upload");
  synchronize(stream);
}

}  // namespace robmask::gpu
