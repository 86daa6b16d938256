#pragma once
// What tests of single kernels share.

#include <gtest/gtest.h>

#include <vector>

#include "engine/cuda/gpu.h"

namespace robmask {

/// What `work` gives to a stream, without doing it.
template <class Work>
std::vector<gpu::emulated::Launch> captured(gpu::Stream stream, const Work& work) {
  gpu::begin_capture(stream);
  try {
    work();
  } catch (...) {
    gpu::abandon_capture(stream);
    throw;
  }
  const gpu::Graph graph = gpu::end_capture(stream);
  std::vector<gpu::emulated::Launch> launches = gpu::emulated::launches_of(graph);
  gpu::destroy_graph(graph);
  return launches;
}

/// A stream, and memory that is given back after each test.
class GpuEmulator : public testing::Test {
 protected:
  GpuEmulator() : stream_(gpu::make_stream()) {}
  ~GpuEmulator() override {
    for (std::byte* block : blocks_) gpu::release(block);
    gpu::destroy_stream(stream_);
    gpu::emulated::shuffle_order(1);
  }

  template <class T>
  T* allocate(Index n) {
    blocks_.push_back(gpu::allocate(n * sizeof(T)));
    return reinterpret_cast<T*>(blocks_.back());
  }
  template <class T>
  T* on_device(const std::vector<T>& values) {
    T* memory = allocate<T>(static_cast<Index>(values.size()));
    gpu::copy_to_device(stream_, blocks_.back(), values.data(), values.size() * sizeof(T));
    return memory;
  }
  template <class T>
  std::vector<T> read(const T* from, Index n) {
    std::vector<T> values(n);
    gpu::copy_to_host(stream_, values.data(), reinterpret_cast<const std::byte*>(from),
                      n * sizeof(T));
    return values;
  }
  template <class Kernel>
  void run(const Kernel& kernel, gpu::Blocks blocks = {}) {
    gpu::launch(stream_, blocks, kernel);
    gpu::synchronize(stream_);
  }

  gpu::Stream stream_;
  std::vector<std::byte*> blocks_;
};

}  // namespace robmask
