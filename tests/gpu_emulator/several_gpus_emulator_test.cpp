// Training on several emulated GPUs, a process each: `make test` names the emulator's binary in ROBMASK.

#include "data/files/safetensors.h"
#include "tests/commands/binary.h"

namespace robmask {
namespace {

class GpuEmulatorProcesses : public Binary {
 protected:
  void SetUp() override {
    Binary::SetUp();
    if (!IsSkipped() && run_program("mpirun", "--version").code != 0)
      GTEST_SKIP() << "there is no mpirun";
  }

  /// Three iterations in each of two epochs, whose last batch has one image, and what they end in.
  Result train(int processes, const std::string& out, const std::string& options,
               const std::string& environment = "ROBMASK_NONE=") const {
    return run_program(
        "env",
        fmt::format("OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 {} mpirun "
                    "--oversubscribe -n {} '{}' train --device cuda --precision fp32 --width 1 "
                    "--limit-train 9 --limit-test 2 --batch 4 --epochs 2 --threads 1 --quiet "
                    "--out '{}' {}",
                    environment, processes, binary_, (folder_ / out).string(), options));
  }
  /// A hash of the weights and of what a run goes on from.
  std::string trained(int processes, const std::string& options) const {
    const std::string out = fmt::format("run{}", ++runs_);
    const Result result = train(processes, out, options);
    EXPECT_EQ(result.code, 0) << result.errors;
    std::string all;
    for (const char* file : {"model.safetensors", "state.safetensors"})
      all += text_of(folder_ / out / file);
    EXPECT_GT(all.size(), 10000u);
    return all;
  }

  void expect_line(const Result& result, int code, const std::string& words) const {
    EXPECT_EQ(result.code, code) << result.errors;
    EXPECT_NE(result.errors.find(words), std::string::npos) << result.errors;
  }

  mutable int runs_ = 0;
};

TEST_F(GpuEmulatorProcesses, EndInTheBitsOfOneReplayedOrNot) {
  const std::string four = trained(1, "--shards 4");
  EXPECT_EQ(four, trained(2, "--shards 4"));
  EXPECT_EQ(four, trained(4, "--shards 4"));
  EXPECT_EQ(four, trained(2, "--shards 4 --replay off"));
}

TEST_F(GpuEmulatorProcesses, MayHaveNoShard) {
  const std::string two = trained(2, "--shards 2");
  EXPECT_EQ(two, trained(3, "--shards 2"));
}

TEST_F(GpuEmulatorProcesses, AreRefusedWithoutNccl) {
  expect_line(train(2, "run", "", "ROBMASK_EMULATED_NCCL=missing"), 77, "install libnccl2");
}

TEST_F(GpuEmulatorProcesses, AreRefusedOnOneGpu) {
  expect_line(train(3, "run", "--shards 1", "ROBMASK_EMULATED_GPUS=2"), 2,
              "processes 0 and 2 are on the same GPU");
}

}  // namespace
}  // namespace robmask
