// robmask train on several processes: the bits of one, one voice, and one end.

#include <csignal>
#include <sstream>

#include "data/files/json.h"
#include "tests/commands/processes.h"

namespace robmask {
namespace {

class SeveralTrain : public SeveralProcesses {
 protected:
  std::string train(const std::string& out, const std::string& options = "") const {
    return fmt::format(
        "train --width 4 --limit-train 28 --limit-test 12 --batch 8 --epochs 2 --attack-steps 1 "
        "--threads 1 --quiet --out '{}' {}",
        (folder_ / out).string(), options);
  }
  /// All that a run goes on from.
  std::string state(const std::string& out) const {
    return text_of(folder_ / out / "state.safetensors") +
           text_of(folder_ / out / "model.safetensors");
  }
  void trained(int processes, const std::string& out, const std::string& options) const {
    const Result result = mpirun(command(processes, train(out, options)));
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(std::ranges::count(result.output, '\n'), 1) << result.output << "one speaks for all";
    EXPECT_EQ(own_lines(result), std::vector<std::string>());
  }
};

TEST_F(SeveralTrain, HasTheBitsOfOneProcessWhichDependOnShardsAlone) {
  const std::string robmask = "--method robmask --shards 4 ";
  ASSERT_EQ(run(train("one", robmask)).code, 0);
  for (const int processes : {2, 3, 5}) {  // the fifth has nothing to do
    const std::string out = std::to_string(processes);
    trained(processes, out, robmask);
    EXPECT_EQ(state(out), state("one")) << out;
  }
  ASSERT_EQ(run(train("plain", "--method robmask")).code, 0);
  EXPECT_NE(state("plain"), state("one"));
}

TEST_F(SeveralTrain, HasThemWhereStatisticsAreShared) {
  const std::string shared = "--method pgd --attack-bn train-frozen --shards 4 --sync-bn on ";
  ASSERT_EQ(run(train("one", shared)).code, 0);
  trained(2, "two", shared);
  EXPECT_EQ(state("two"), state("one"));
}

TEST_F(SeveralTrain, TakesAsManyShardsAsProcessesAndSaysSoInTheConfiguration) {
  trained(2, "two", "");
  EXPECT_EQ(read_json(folder_ / "two/config.json").at("shards"), 2);
  const Result odd = mpirun(command(3, train("three")));
  EXPECT_EQ(odd.code, 2);
  EXPECT_EQ(own_lines(odd), (std::vector<std::string>{
                                "--shards: expected a number that divides --batch 8, got 3, the "
                                "number of processes: give another --batch"}));
}

TEST_F(SeveralTrain, GoesOnOnAnotherNumberOfProcesses) {
  ASSERT_EQ(run(train("whole", "--shards 2")).code, 0);
  ASSERT_EQ(run(train("parts", "--shards 2 --steps 3")).code, 0);
  trained(3, "parts", "--resume --steps 6");
  trained(2, "parts", "--resume");
  EXPECT_EQ(text_of(folder_ / "parts/model.safetensors").size(),
            text_of(folder_ / "whole/model.safetensors").size());
  EXPECT_EQ(read_safetensors(folder_ / "parts/model.safetensors").tensors,
            read_safetensors(folder_ / "whole/model.safetensors").tensors);
}

TEST_F(SeveralTrain, OfOneThatIsAskedToStopEndsWithACheckpoint) {
  // The second process asks itself, once the run has begun.
  const Path script = folder_ / "stopped";
  std::ofstream(script) << "#!/bin/sh\n"
                           "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && { "
                           "me=$$; (until [ -e '"
                        << (folder_ / "run/config.json").string()
                        << "' ]; do sleep 0.05; done; kill -TERM $me) & }\n"
                           "exec \"$@\"\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  const auto asked = [&](const std::string& arguments) {
    return mpirun(
        fmt::format("-n 2 '{}' '{}' {} --device cpu", script.string(), binary_, arguments));
  };
  const std::string long_run = "--epochs 4000 --shards 2";
  EXPECT_EQ(asked(train("run", long_run)).code, 143);
  const Json counters = read_json(folder_ / "run/config.json");
  const std::string stopped = state("run");
  EXPECT_FALSE(stopped.empty());
  trained(1, "run", "--resume --epochs 4000 --steps 1");  // goes no further, and reads it whole
}

TEST_F(SeveralTrain, RefusesProcessesThatWouldDoDifferentThings) {
  const auto refused = [&](const std::string& one, const std::string& other) {
    const Result result = mpirun(commands({train("run", one), train("run", other)}));
    EXPECT_EQ(result.code, 2) << result.errors;
    const std::vector<std::string> lines = own_lines(result);
    EXPECT_EQ(lines.size(), 1U) << result.errors;
    return lines.empty() ? "" : lines[0];
  };
  EXPECT_EQ(refused("--seed 1", "--seed 2"),
            "--seed: expected the same in all processes, process 1 has '2', process 0 has '1'");
  EXPECT_EQ(refused("--lr 0.1", "--lr 0.2"),
            "--lr: expected the same in all processes, process 1 has '0.2', process 0 has '0.1'");
}

TEST_F(SeveralTrain, EndsAllWhereOneFailsAloneAndNamesIt) {
  const Result result = mpirun(commands({train("run"), train("run", "--data folder:/nowhere")}));
  EXPECT_EQ(result.code, 2) << result.errors;
  EXPECT_EQ(own_lines(result),
            (std::vector<std::string>{"[process 1] --data folder:/nowhere: expected a folder, "
                                      "/nowhere is not one; check the path"}));
}

TEST_F(SeveralTrain, SaysAMistakeOfAllOnce) {
  const Result result = mpirun(command(3, train("run", "--lr fast")));
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(own_lines(result),
            (std::vector<std::string>{"--lr: expected a number, at least 0, got \"fast\""}));
}

TEST_F(SeveralProcesses, OfACommandThatDoesNotShareItsWorkAreRefused) {
  const Result result = mpirun(command(2, "predict --from nothing --logits logits.npy"));
  EXPECT_EQ(result.code, 2);
  ASSERT_EQ(own_lines(result).size(), 1U);
  EXPECT_NE(own_lines(result)[0].find("predict: expected one process, a launcher started 2"),
            std::string::npos);
}

TEST_F(SeveralProcesses, ThatDoNotHearOfEachOtherAreRefused) {
  // As another MPI's launcher would start them: each would train in the same folder.
  const Result result =
      run_program("env", fmt::format("PMI_SIZE=2 '{}' info --device cpu", binary_));
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("a launcher started several processes"), std::string::npos);
}

}  // namespace
}  // namespace robmask
