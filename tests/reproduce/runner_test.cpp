// Jobs: each runs once, after what it needs; what failed is remembered, what is done is found
// again.

#include "tools/robmask/reproduce/job.h"

#include "tests/files/scratch.h"

namespace robmask::reproduce {
namespace {

/// A program of a few shell lines, which appends its arguments to the file `calls`.
class FakeProgram : public testing::Test {
 protected:
  std::string program(const std::string& lines) const {
    const Path path = folder_ / "program";
    test::put(path,
              "#!/bin/sh\necho \"$@\" >>'" + (folder_ / "calls").string() + "'\n" + lines + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path.string();
  }
  Job job(const std::string& name, std::vector<Job> needs = {}) const {
    return {folder_ / name, {name}, std::move(needs)};
  }
  std::string calls() const { return read_text(folder_ / "calls"); }

  const test::ScratchFolder folder_;
};

TEST_F(FakeProgram, AJobRunsAfterWhatItNeedsAndOnlyOnce) {
  Runner runner(program("echo '{\"answer\": 42}'"));
  const Job base = job("base"), tuned = job("tuned", {base}), other = job("other", {base});
  EXPECT_EQ(in_order({tuned, other, tuned}, true).size(), 3u);
  EXPECT_EQ(runner.run(tuned), "");
  EXPECT_EQ(runner.run(other), "");
  EXPECT_EQ(runner.run(tuned), "");
  EXPECT_EQ(calls(), "base\ntuned\nother\n");
  EXPECT_EQ(read_text(tuned.result()), "{\"answer\": 42}\n");
  EXPECT_TRUE(in_order({tuned, other}, true).empty());
}

TEST_F(FakeProgram, AJobThatIsDoneNeedsNothing) {
  const Job base = job("base"), tuned = job("tuned", {base});
  Runner runner(program(""));
  runner.run(tuned);
  std::filesystem::remove_all(base.folder);
  EXPECT_TRUE(in_order({tuned}, true).empty());
  EXPECT_EQ(in_order({tuned}).size(), 2u);
}

TEST_F(FakeProgram, AFailureIsRememberedAndNamedAndLeavesOthersStanding) {
  Runner runner(
      program("[ $1 != base ] || { echo noise >&2; echo 'robmask: no room' >&2; exit 1; }"));
  const Job base = job("base"), tuned = job("tuned", {base}), apart = job("apart");
  testing::internal::CaptureStderr();
  EXPECT_EQ(runner.run(tuned), "base: no room");
  EXPECT_EQ(runner.run(base), "base: no room");
  EXPECT_EQ(runner.run(apart), "");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("noise"), std::string::npos);
  EXPECT_EQ(calls(), "base\napart\n");
  EXPECT_FALSE(base.done() || tuned.done());
}

TEST_F(FakeProgram, WhatFailedOnceIsDoneByTheNextRun) {
  const std::string once = "'" + (folder_ / "once").string() + "'";
  const std::string path = program("[ -e " + once + " ] || { touch " + once + "; kill -9 $$; }");
  const Job base = job("base");
  EXPECT_EQ(Runner(path).run(base), "base: exit code 137");
  EXPECT_EQ(Runner(path).run(base), "");
  EXPECT_TRUE(base.done());
}

TEST(Job, ItsCommandLineCanBePastedIntoAShell) {
  const Job job{"out/x", {"train", "--eps", "8/255", "--out", "it's here"}};
  EXPECT_EQ(job.command_line(), "robmask train --eps 8/255 --out 'it'\\''s here'");
}

}  // namespace
}  // namespace robmask::reproduce
