// What the GPU recorded of an iteration: a CUDA graph.

#include "engine/cuda/cuda_backend.h"

namespace robmask::cuda {

namespace {

class GraphRecording final : public Recording {
 public:
  explicit GraphRecording(gpu::Stream stream) : stream_(stream) {}
  ~GraphRecording() override { forget(); }
  GraphRecording(const GraphRecording&) = delete;
  GraphRecording& operator=(const GraphRecording&) = delete;

  void record(const std::function<void()>& work) override {
    forget();
    gpu::begin_capture(stream_);
    try {
      work();
    } catch (...) {
      gpu::abandon_capture(stream_);
      throw;
    }
    graph_ = gpu::end_capture(stream_);
  }

  void play() override { gpu::launch(stream_, graph_); }

 private:
  void forget() {
    if (graph_ != nullptr) gpu::destroy_graph(std::exchange(graph_, nullptr));
  }

  gpu::Stream stream_;
  gpu::Graph graph_ = nullptr;
};

}  // namespace

std::unique_ptr<Recording> CudaBackend::make_recording() {
  if (gpu::one_by_one()) return nullptr;
  return std::make_unique<GraphRecording>(stream_);
}

}  // namespace robmask::cuda
