// Programs that are started and listened to.

#include "data/files/process.h"

#include <gtest/gtest.h>

#include <csignal>

namespace robmask {
namespace {

Ended shell(const std::string& lines, std::string_view input = {}, const Listening& how = {}) {
  return run_process({"sh", "-c", lines}, input, how);
}

TEST(Process, OutputAndErrorsComeInFull) {
  testing::internal::CaptureStderr();
  const Ended ended = shell("seq 20000; seq 30000 >&2; exit 3", {}, {.show_errors = true});
  EXPECT_EQ(ended.code, 3);
  EXPECT_TRUE(ended.output.starts_with("1\n2\n") && ended.output.ends_with("\n20000\n"));
  EXPECT_TRUE(ended.errors.starts_with("1\n2\n") && ended.errors.ends_with("\n30000\n"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), ended.errors);
}

TEST(Process, ErrorsAreShownOnlyIfAskedFor) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(shell("echo noise >&2").errors, "noise\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Process, ReadsItsInputToTheEnd) {
  const std::string input(100'000, 'x');
  EXPECT_EQ(shell("cat", input).output, input);
  EXPECT_EQ(shell("cat").output, "");
}

TEST(Process, HandsASignalOn) {
  const Ended ended = shell("trap 'exit 7' TERM; while :; do sleep 0.01; done", {},
                            {.signal_of = [] { return SIGTERM; }});
  EXPECT_TRUE(ended.code == 7 || ended.code == 128 + SIGTERM) << ended.code;  // before its trap
}

TEST(Process, AProgramThatIsNotThereEndsWith127) {
  EXPECT_EQ(run_process({"/nowhere/robmask"}).code, 127);
}

}  // namespace
}  // namespace robmask
