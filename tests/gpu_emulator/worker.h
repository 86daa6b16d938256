#pragma once
// The fibres that run threads, and lines of those that wait.

#include "engine/cuda/gpu.h"
#include "tests/gpu_emulator/fibre.h"

namespace robmask::gpu::emulated {

struct Worker {
  Worker(void (*work)(), std::size_t index) : fibre(work, index) {}

  Fibre fibre;
  int thread = 0;          // the one it runs or ran last
  Where where{};           // where that thread waits
  Worker* next = nullptr;  // in a line
};

/// Workers in the order they came; no worker stands in two lines. Takes no memory, for the race
/// detector would see that.
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

}  // namespace robmask::gpu::emulated
