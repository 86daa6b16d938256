// When the device runs out of memory or a kernel fails, the run ends with one line that says what
// to do, and the last checkpoint is kept.

#include <gtest/gtest.h>

#include <cstdlib>

#include "data/files/safetensors.h"
#include "engine/cuda/cuda_backend.h"
#include "tests/files/scratch.h"
#include "training/accuracy.h"
#include "training/trainer.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

class GpuEmulatorFailures : public testing::Test {
 protected:
  GpuEmulatorFailures() : machine_(backend("cuda")), data_(load_dataset("synthetic", options())) {}
  ~GpuEmulatorFailures() override {
    gpu::emulated::unlimit_memory();
    gpu::emulated::break_kernel("");
    gpu::emulated::break_cublas(false);
    unsetenv("ROBMASK_SYNC");
  }

  static DataOptions options() {
    DataOptions options;
    options.limit_train = 16;
    options.limit_test = 8;
    return options;
  }
  std::unique_ptr<Model> model() const {
    return std::make_unique<Model>(machine_, DType::f32, ModelSpec{.name = "resnet18", .width = 2},
                                   0);
  }
  /// Standard training in `dir`, from where an earlier run stopped, up to `steps`.
  void train(const fs::path& dir, Index batch, Index steps) const {
    TrainSettings s;
    s.batch = batch;
    s.epochs = 2;
    s.steps = steps;
    const auto net = model();
    const auto recipe = [&] { return make_recipe(s, *net); };
    Sgd sgd(net->parameters(), s.momentum, s.weight_decay);
    const Images train(machine_, data_.train), none(machine_, {});
    CheckpointInfo info;
    info.spec = net->spec();
    Trainer trainer(s, {*net, recipe, sgd}, {train, none}, {info, dir});
    if (fs::exists(dir / "state.safetensors")) trainer.resume();
    trainer.run();
  }
  /// Leaves that much of the device's memory free, and none kept for later.
  void leave(std::size_t bytes) const {
    machine_.pool()->trim();
    gpu::emulated::limit_memory(std::size_t{16} << 30);
    const std::size_t used = (std::size_t{16} << 30) - gpu::free_memory();
    gpu::emulated::limit_memory(used + bytes);
  }

  Backend& machine_;
  Dataset data_;
};

constexpr std::size_t mebibyte = 1 << 20;

TEST_F(GpuEmulatorFailures, TooLittleMemorySaysHowMuchWasAskedForAndIsFree) {
  leave(3 * mebibyte);
  const std::string line = test::message_of<OutOfMemory>([&] {
    const Tensor t(machine_, {1, 1, 1, 4 << 20}, DType::u8);
  });
  EXPECT_NE(line.find("4.0 MiB were asked for, 3.0 MiB are free"), std::string::npos) << line;
}

TEST_F(GpuEmulatorFailures, WhatIsKeptForLaterIsGivenBackBeforeMemoryRunsOut) {
  const auto take = [&](Index bytes) { const Tensor t(machine_, {1, 1, 1, bytes}, DType::u8); };
  leave(3 * mebibyte);
  take(2 * mebibyte);
  EXPECT_NO_THROW(take(3 * mebibyte));
}

TEST_F(GpuEmulatorFailures, WhatAReplayWritesToIsNotGivenBack) {
  const Tensor y(machine_, {1, 1, 1, mebibyte}, DType::u8);
  Replay iteration(machine_, [&] {
    const Tensor between(machine_, y.shape(), y.dtype());
    machine_.fill(between, 7);
    machine_.copy(y, between);
  });
  iteration();
  iteration();
  leave(0);
  EXPECT_THROW(Tensor(machine_, y.shape(), y.dtype()), OutOfMemory);
  machine_.fill(y, 0);
  iteration();
  EXPECT_EQ(y.images(0, 1).channels(0, 1).to_host<std::uint8_t>()[0], 7);
}

TEST_F(GpuEmulatorFailures, TrainingInTooLittleMemorySaysWhichBatchWouldFit) {
  const test::ScratchFolder folder;
  leave(2 * mebibyte);
  const std::string line = test::message_of<OutOfMemory>([&] { train(folder.path(), 16, 1); });
  const auto at = line.find("`batch` ");
  ASSERT_NE(at, std::string::npos) << line;
  const int fits = std::atoi(line.c_str() + at + 8);
  EXPECT_TRUE(fits == 8 || fits == 4 || fits == 2) << line;
  leave(2 * mebibyte);
  EXPECT_NO_THROW(train(folder.path(), fits, 3)) << "also when it is recorded";
}

TEST_F(GpuEmulatorFailures, EvaluationInTooLittleMemoryGoesOnInSmallerBatches) {
  const auto net = model();
  const Images images(machine_, data_.test);
  const auto measured = [&] { return accuracy(*net, 0, images, 8, [](Index) {}); };
  const double expected = measured();
  leave(mebibyte / 4);
  testing::internal::CaptureStderr();
  EXPECT_EQ(measured(), expected);
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(test::mentions(warning, "going on with `batch` 4, which changes no result"))
      << warning;
}

TEST_F(GpuEmulatorFailures, AKernelThatFailsEndsTheRunAndKeepsTheLastCheckpoint) {
  const test::ScratchFolder folder;
  train(folder.path(), 4, 2);
  const auto before = read_safetensors(folder / "state.safetensors").tensors;
  gpu::emulated::break_kernel("SgdStep");
  const std::string line = test::message_of<RunError>([&] { train(folder.path(), 4, 6); });
  EXPECT_NE(line.find("a kernel failed on the GPU: "), std::string::npos) << line;
  EXPECT_NE(line.find("ROBMASK_SYNC=1"), std::string::npos) << line;
  EXPECT_EQ(read_safetensors(folder / "state.safetensors").tensors, before);
  gpu::emulated::break_kernel("");
  EXPECT_NO_THROW(train(folder.path(), 4, 3));
}

TEST_F(GpuEmulatorFailures, AKernelThatFailsIsNotTakenForTheOneStartedNext) {
  const Tensor x(machine_, {1, 1, 1, 4}, DType::f32);
  gpu::emulated::break_kernel("Fill");
  machine_.fill(x, 1);
  const std::string line = test::message_of<RunError>([&] { machine_.scale({x}, x, 2); });
  EXPECT_TRUE(line.starts_with("a kernel failed on the GPU: ")) << line;
  EXPECT_NE(line.find("the last one started was Fill<float, 4>"), std::string::npos) << line;
}

TEST_F(GpuEmulatorFailures, AKernelThatFailsInAReplayedIterationSaysSo) {
  const Tensor x(machine_, {1, 1, 1, 4}, DType::f32);
  Replay iteration(machine_, [&] { machine_.fill(x, 1); });
  iteration();
  iteration();
  gpu::emulated::break_kernel("Fill");
  iteration();
  const std::string copy = test::message_of<RunError>([&] { x.to_doubles(); });
  EXPECT_NE(copy.find("the last one started was inside a replayed iteration"), std::string::npos)
      << copy;
  const std::string replay = test::message_of<RunError>(iteration);
  EXPECT_TRUE(replay.starts_with("a kernel failed on the GPU: ")) << replay;
}

TEST_F(GpuEmulatorFailures, CublasIsStartedBeforeMemoryIsScarce) {
  leave(mebibyte);
  EXPECT_EQ(machine_.kernels(), "emulated, cuBLAS 1.0");
  const std::string line = test::message_of<OutOfMemory>([] { cuda::CudaBackend another(0); });
  EXPECT_NE(line.find("32.0 MiB were asked for"), std::string::npos) << line;
}

TEST_F(GpuEmulatorFailures, ACublasThatDoesNotStartIsDoneWithout) {
  const Tensor x = make_tensor(machine_, {3, 1, 1, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const auto weight_gradient = [&](Backend& machine) {
    const Tensor dw(machine, {1, 1, 2, 2}, DType::f32);
    machine.conv2d_weight_gradient({dw}, x, x, {});
    return dw.to_doubles();
  };
  EXPECT_EQ(machine_.kernels(), "emulated, cuBLAS 1.0");
  gpu::emulated::break_cublas(true);
  cuda::CudaBackend without(0);
  EXPECT_EQ(without.kernels(), "emulated, no cuBLAS");
  const std::vector<double> expected{35, 44, 44, 56};
  EXPECT_EQ(weight_gradient(machine_), expected);
  EXPECT_EQ(weight_gradient(without), expected);
}

TEST_F(GpuEmulatorFailures, AKernelThatFailsIsNamedIfEachIsWaitedFor) {
  const test::ScratchFolder folder;
  setenv("ROBMASK_SYNC", "1", 1);
  gpu::emulated::break_kernel("CrossEntropyGradient");
  const std::string line = test::message_of<RunError>([&] { train(folder.path(), 4, 3); });
  EXPECT_TRUE(line.starts_with("kernel CrossEntropyGradient<float> failed on the GPU: ")) << line;
}

}  // namespace
}  // namespace robmask
