// tools/checks/gpu_check.sh, over programs that only claim to use a GPU.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/files/scratch.h"

namespace robmask {
namespace {

// Trains to the same bytes each time, and does all else at once.
constexpr std::string_view trains = R"(#!/bin/bash
while [ $# != 0 ]; do if [ "$1" = --out ]; then out=$2; fi; shift; done
if [ -n "${out:-}" ]; then
  mkdir -p "$out" && echo weights >"$out/model.safetensors"
  printf 'epoch,train_loss\n1,2.5\n' >"$out/log.csv"
fi
)";

constexpr std::string_view passes = R"(#!/bin/bash
if [[ $* == *list_tests* ]]; then
  printf 'Machine/Good.\n  Passes/cuda_f32  # GetParam() = 1\n  PassesToo/cuda_f32\n'
fi
)";

// As after one bad access: what comes behind it fails too, but not alone.
constexpr std::string_view fails = R"(#!/bin/bash
case $* in
  *list_tests*)
    printf 'Machine/Bad.\n  Passes/cuda_f32\n  Fails/cuda_f32\n  FailsBehindIt/cuda_f32\n'
    printf 'Machine/Slow.\n  Passes/cuda_bf16\n  Hangs/cuda_bf16\n  ComesBehindIt/cuda_bf16\n'
    printf 'Machine/Deadly.\n  Crashes/cuda_f64\n' ;;
  *Bad.Fails/*)
    if [ "${ROBMASK_SYNC:-}" = 1 ]; then echo 'what: "kernel Fill failed on the GPU: bad access"'; fi
    exit 1 ;;
  *Bad.\**)
    echo '[ RUN      ] Machine/Bad.Passes/cuda_f32'
    echo '[       OK ] Machine/Bad.Passes/cuda_f32 (1 ms)'
    echo '[  FAILED  ] Machine/Bad.Fails/cuda_f32, where GetParam() = 1 (1 ms)'
    echo '[  FAILED  ] Machine/Bad.FailsBehindIt/cuda_f32, where GetParam() = 1 (1 ms)'
    exit 1 ;;
  *Slow.\**)
    echo '[       OK ] Machine/Slow.Passes/cuda_bf16 (1 ms)'
    echo '[ RUN      ] Machine/Slow.Hangs/cuda_bf16'
    sleep 100 ;;
  *Slow.Hangs*) sleep 100 ;;
  *Deadly*) kill -SEGV $$ ;;
esac
)";

class GpuCheck : public testing::Test {
 protected:
  struct Result {
    int code;
    std::string output;
  };

  void SetUp() override {
    std::filesystem::create_directories(folder_ / "here");
    // As on a machine without them.
    for (const char* name : {"nvidia-smi", "python3", "ncu", "compute-sanitizer"})
      program(std::string("here/") + name, "#!/bin/bash\nexit 77\n");
  }

  void program(const std::string& name, std::string_view text) const {
    test::put(folder_ / name, text);
    std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
  }

  Result run(const std::string& environment = "") const {
    const std::string folder = folder_.path().string();
    const std::string command = "PATH='" + folder + "/here':\"$PATH\" PROGRAMS='" + folder +
                                "' OUT='" + folder + "/out' PATIENCE=2 " + environment +
                                " tools/checks/gpu_check.sh >'" + folder + "/said' 2>&1";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of("said")};
  }

  std::string text_of(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  test::ScratchFolder folder_;
};

TEST_F(GpuCheck, PassesWhereAllDoesAndWritesWhatItSays) {
  program("robmask", trains);
  program("tests", passes);
  const Result result = run();
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(test::mentions(result.output, "1 groups, 2 tests")) << result.output;
  EXPECT_TRUE(test::mentions(result.output, "gpu-check: passed in ")) << result.output;
  EXPECT_EQ(text_of("out/gpu-check.txt"), result.output);
}

TEST_F(GpuCheck, TellsWhatFailsHangsAndDiesFromWhatOnlyComesBehindIt) {
  program("robmask", trains);
  program("tests", fails);
  const Result result = run();
  EXPECT_EQ(result.code, 1) << result.output;
  const std::string table = result.output.substr(result.output.rfind("tests  "));
  for (const char* line :
       {"3 of 3 groups", "FAILS Machine/Bad.Fails/cuda_f32: kernel Fill failed on the GPU: bad",
        "HANGS Machine/Slow.Hangs/cuda_bf16\n", "DIES Machine/Deadly.Crashes",
        "same-bits-bf16         passed", "gpu-check: FAILED in "})
    EXPECT_TRUE(test::mentions(table, line)) << line << "\n" << result.output;
  EXPECT_FALSE(test::mentions(table, "BehindIt")) << result.output;
}

TEST_F(GpuCheck, TakesTheStepsThatItIsAskedFor) {
  program("robmask", trains);
  program("tests", passes);
  const Result result = run("STEPS='times trainings'");
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(test::mentions(result.output, "\nbf16-128 ")) << result.output;
  EXPECT_TRUE(test::mentions(result.output, "\nsame-bits-fp32 ")) << result.output;
  EXPECT_FALSE(test::mentions(result.output, "1 groups, 2 tests")) << result.output;
}

TEST_F(GpuCheck, NamesRunsThatDoNotEndInTheSameBits) {
  program("robmask", std::string(trains) + R"(echo $RANDOM$$ >"$out/model.safetensors")");
  program("tests", passes);
  const Result result = run();
  EXPECT_EQ(result.code, 1) << result.output;
  EXPECT_TRUE(test::mentions(result.output, "same-bits-tf32         FAILED")) << result.output;
}

TEST_F(GpuCheck, EndsInTimeWhateverHangs) {
  program("robmask", R"(#!/bin/bash
if [[ $* == *"--workload train"* ]]; then exit 0; fi
trap '' TERM
setsid sleep 20
)");
  program("tests", passes);
  const Result result = run("LIMIT=4");
  EXPECT_EQ(result.code, 1) << result.output;
  EXPECT_TRUE(test::mentions(result.output, "FAILED: not ")) << result.output;
}

TEST_F(GpuCheck, SaysThatThereIsNoGpuOrNoProgram) {
  program("robmask", "#!/bin/bash\necho 'no GPU here'\nexit 77\n");
  EXPECT_EQ(run().code, 2);
  program("tests", passes);
  const Result result = run();
  EXPECT_EQ(result.code, 77);
  EXPECT_EQ(result.output, "gpu-check: no GPU here; nothing was checked\n");
}

/// What the program of tools/checks says of a file with such text.
std::string said_of(const std::string& program, const std::string& text) {
  const test::ScratchFolder folder;
  test::put(folder / "csv", text);
  const std::string command = "tools/checks/" + program + " '" + (folder / "csv").string() +
                              "' >'" + (folder / "said").string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::ifstream file(folder / "said");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(KernelTimes, SumsTheLastIterationByKernelsAndTheirBlocks) {
  std::string csv = R"("ID","Kernel Name","Grid Size","Metric Name","Metric Value")"
                    "\nsaid between\n";
  int launch = 0;
  for (const std::string kernel : {"first", "fill", "add", "add", "fill", "add", "add"})
    csv += '"' + std::to_string(launch++) + "\",\"void robmask::gpu::" + kernel +
           "(int)\",\"(7, 1, 1)\",\"gpu__time_duration.sum\",\"1,500\"\n";
  const std::string said = said_of("kernel_times.py", csv);
  EXPECT_TRUE(said.starts_with("3 launches, 4.5 us\n      3.0 us  66.7 %    2 x")) << said;
  EXPECT_TRUE(test::mentions(said, "add(int) (7, 1, 1)\n")) << said;
}

TEST(KernelStalls, TellsTheLoopFromWhatIsBeforeAndBehindIt) {
  const std::string head =
      R"("Source","# Samples","Instructions Executed","stall_wait","stall_lg")";
  const std::string once = "\"Kernel Name\",\"void robmask::gpu::run<Sum>(T1)\",\n" + head +
                           "\n\"LDC\",\"10\",\"8\",\"10\",\"0\""
                           "\n\"LDG\",\"40\",\"64\",\"10\",\"30\""
                           "\n\"BRA\",\"20\",\"64\",\"20\",\"0\""
                           "\n\"STG\",\"30\",\"8\",\"0\",\"30\"\n";
  const std::string said = said_of("kernel_stalls.py", once + once);  // as ncu prints some launches
  EXPECT_EQ(said,
            "    100 samples  run<Sum>(T1)\n"
            "         10 % before: wait 100 %\n"
            "         60 % loop: wait 50 %, lg 50 %\n"
            "         30 % behind: lg 100 %\n");
}

}  // namespace
}  // namespace robmask
