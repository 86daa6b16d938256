// Streams that wait for each other: the emulator runs the other one no sooner than it is waited for.

#include "tests/gpu_emulator/fixture.h"

namespace robmask {
namespace {

/// y = x + 1
struct Next {
  static constexpr int threads = 32;
  float* y;
  const float* x;
  GPU_DEVICE void operator()() const {
    if (gpu::thread() == 0) *y = *x + 1;
  }
};

/// Numbers that follow one another, computed on two streams by turns.
class GpuEmulatorStreams : public GpuEmulator {
 protected:
  GpuEmulatorStreams() : beside_(gpu::make_stream()), mark_(gpu::make_event()) {}
  ~GpuEmulatorStreams() override {
    gpu::destroy_event(mark_);
    gpu::destroy_stream(beside_);
  }
  void next(gpu::Stream stream, int number) {
    gpu::launch(stream, 1, Next{numbers_ + number, numbers_ + number - 1});
  }
  void let_wait(gpu::Stream stream, gpu::Stream other) {
    gpu::mark(other, mark_);
    gpu::wait_for(stream, mark_);
  }
  void fork_and_join() {
    next(stream_, 1);
    let_wait(beside_, stream_);
    next(beside_, 2);
    let_wait(stream_, beside_);
    next(stream_, 3);
  }

  gpu::Stream beside_;
  gpu::Event mark_;
  float* numbers_ = on_device<float>({1, 0, 0, 0});
};

TEST_F(GpuEmulatorStreams, DoWhatTheyWaitForFirst) {
  fork_and_join();
  EXPECT_EQ(read(numbers_, 4), (std::vector<float>{1, 2, 3, 4}));
}

TEST_F(GpuEmulatorStreams, DoNotWaitForWhatIsNotMarked) {
  next(stream_, 1);
  let_wait(beside_, stream_);
  next(beside_, 2);
  next(stream_, 3);
  EXPECT_EQ(read(numbers_, 4), (std::vector<float>{1, 2, 0, 1}));
  gpu::synchronize(beside_);
  EXPECT_EQ(read(numbers_, 4), (std::vector<float>{1, 2, 3, 1}));
}

TEST_F(GpuEmulatorStreams, AreRecordedTogether) {
  gpu::begin_capture(stream_);
  fork_and_join();
  EXPECT_FALSE(gpu::is_capturing(beside_));
  const gpu::Graph graph = gpu::end_capture(stream_);
  EXPECT_EQ(gpu::emulated::launches_of(graph).size(), 3u);
  EXPECT_EQ(read(numbers_, 4), (std::vector<float>{1, 0, 0, 0}));
  gpu::launch(stream_, graph);
  EXPECT_EQ(read(numbers_, 4), (std::vector<float>{1, 2, 3, 4}));
  gpu::destroy_graph(graph);
}

TEST_F(GpuEmulatorStreams, ARecordingThatLeavesOneBehindIsRefused) {
  gpu::begin_capture(stream_);
  let_wait(beside_, stream_);
  EXPECT_TRUE(gpu::is_capturing(beside_));
  EXPECT_THROW(gpu::end_capture(stream_), std::logic_error);
  gpu::abandon_capture(stream_);
  EXPECT_FALSE(gpu::is_capturing(beside_));
}

}  // namespace
}  // namespace robmask
