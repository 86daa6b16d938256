// Training on several emulated GPUs, a process each: `make test` names the emulator's binary in ROBMASK.

#include <numeric>

#include "engine/shard_sum.h"
#include "tests/commands/processes.h"

namespace robmask {
namespace {

class GpuEmulatorProcesses : public SeveralProcesses {
 protected:
  /// Four iterations, of which the third is recorded and the last has one image.
  Result train(int processes, const std::string& out, int shards, const std::string& options = "",
               const std::string& environment = "") const {
    return run_program(
        "env", fmt::format("{} {} -n {} '{}' train --device cuda --precision fp32 "
                           "--width 1 --batch {} --shards {} --limit-train {} --limit-test 1 "
                           "--epochs 1 --threads 1 --quiet --out '{}' {}",
                           environment, mpirun_, processes, binary_, shards, shards, 3 * shards + 1,
                           (folder_ / out).string(), options));
  }
  /// The weights, and what a run goes on from.
  std::string trained(int processes, int shards, const std::string& options = "") const {
    const std::string out = fmt::format("{}-{}-{}", processes, shards, options);
    const Result result = train(processes, out, shards, options);
    EXPECT_EQ(result.code, 0) << result.errors;
    const Path run = folder_ / out;
    return text_of(run / "model.safetensors") + text_of(run / "state.safetensors");
  }
  void expect_line(const Result& result, int code, const std::string& words) const {
    EXPECT_EQ(result.code, code) << result.errors;
    EXPECT_NE(result.errors.find(words), std::string::npos) << result.errors;
  }
};

TEST_F(GpuEmulatorProcesses, EndInTheBitsOfOne) {
  const std::string one = trained(1, 4);
  EXPECT_GT(one.size(), 10000u);
  EXPECT_TRUE(one == trained(4, 4));
}

TEST_F(GpuEmulatorProcesses, EndInItsBitsIfOneHasNoShardOrNothingIsReplayed) {
  const std::string one = trained(1, 2);
  EXPECT_TRUE(one == trained(2, 2)) << "two";
  EXPECT_TRUE(one == trained(3, 2)) << "three";
  EXPECT_TRUE(one == trained(3, 2, "--replay off")) << "not replayed";
}

TEST_F(GpuEmulatorProcesses, AreRefusedWithoutNccl) {
  expect_line(train(2, "run", 2, "", "ROBMASK_EMULATED_NCCL=missing"), 77, "install libnccl2");
}

TEST_F(GpuEmulatorProcesses, AreRefusedOnOneGpu) {
  expect_line(train(3, "run", 3, "", "ROBMASK_EMULATED_GPUS=2"), 2,
              "processes 0 and 2 are on the same GPU");
}

/// Three buckets of gradients, which processes complete in different orders.
void expect_sums(Processes& all, Index shards) {
  const std::vector<Index> sizes{5000, 3, Index{1} << 20, 7, (Index{1} << 20) + 1, 40};
  Backend& machine = backend("cuda");
  const std::unique_ptr<Link> link = machine.make_link(all);
  ShardSum sum(machine, DType::f32, sizes, shards, all, *link, 0);
  std::vector<Index> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  if (all.rank() % 2 == 0) std::ranges::reverse(order);
  Replay iteration(machine, [&] {
    for (Index s = sum.own().end - 1; s >= sum.own().first; --s) {
      sum.begin(s, 0.5);
      for (const Index i : order) {
        machine.fill(sum.part(s, i), static_cast<double>((s + 1) * (i + 1)));
        sum.complete(s, i);
      }
    }
    sum.attend();
    sum.finish();
  });
  const double of_shards = 0.5 * static_cast<double>(shards * (shards + 1)) / 2;
  for (int call = 0; call < 4; ++call) {
    iteration();
    for (Index i = 0; i < std::ssize(sizes); ++i) {
      const std::vector<double> values = sum.sum(i).to_doubles(),
                                expected(sizes[i], of_shards * static_cast<double>(i + 1));
      EXPECT_TRUE(values == expected) << "call " << call << ", part " << i << ": " << values[0];
      machine.fill(sum.sum(i), -1);
    }
  }
}

/// Started alone, it starts itself as three processes.
TEST(GpuEmulatorShardSums, AreCompleteInWhateverOrderPartsAre) {
  const std::string mpirun = mpirun_words();
  if (mpirun.empty()) GTEST_SKIP() << "no mpirun here";
  if (processes().count() > 1) {
    expect_sums(processes(), 5);
    expect_sums(processes(), 2);  // the last process has no shard
    return processes().leave();
  }
  const Path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command = fmt::format(
      "env -u GTEST_TOTAL_SHARDS -u GTEST_SHARD_INDEX {} -n 3 '{}' --gtest_brief=1 "
      "--gtest_filter=GpuEmulatorShardSums.*",
      mpirun, self.string());
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace robmask
