// robmask evaluate on several processes, which mpirun starts: what one would print and write, and
// each of them does a part of it.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "tests/commands/evaluation.h"
#include "tests/commands/processes.h"

namespace robmask {
namespace {

class EvaluateTogether : public WithMpirun<Evaluate> {
 protected:
  std::string on(int processes, const std::string& evaluation) const {
    return fmt::format("{} -n {} '{}' {}", mpirun_, processes, binary_, evaluation);
  }

  /// Every output that an evaluation has, under names of its own.
  std::string options(const std::string& name) const {
    return fmt::format(
        "--mask 1 --attack autoattack --eps 4/255 --attack-steps 6 --queries 40 --targets 2 "
        "--batch 4 --checks off --save-adversarial '{}' --per-image '{}'",
        (folder_ / (name + ".npy")).string(), (folder_ / (name + ".csv")).string());
  }

  /// On so many processes, whose first one alone prints.
  Json evaluate_on(int processes, const std::string& options) const {
    const Path printed = folder_ / "printed";
    const std::string line = fmt::format("{} >'{}' 2>'{}'", on(processes, command(options)),
                                         printed.string(), (folder_ / "errors").string());
    const int status = std::system(line.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 0) << text_of(folder_ / "errors");
    return parse_json(text_of(printed), line);
  }

  void expect_same_files(const std::string& one, const std::string& other) const {
    for (const char* kind : {".npy", ".csv"})
      EXPECT_EQ(text_of(folder_ / (one + kind)), text_of(folder_ / (other + kind))) << kind;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.journal"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.images"));
  }

  /// Lines of the journal beside its first.
  Index noted() const {
    const std::string journal = text_of(folder_ / "evaluation.journal");
    return std::max<Index>(std::ranges::count(journal, '\n') - 1, 0);
  }

  /// Starts an evaluation and, once the journal has so many lines, sends the process of that rank a
  /// signal. Returns the exit code of mpirun.
  int signalled(int processes, int rank, int signal, Index lines,
                const std::string& evaluation) const {
    const Path id = folder_ / "id";
    // Each process notes its own id, as mpirun tells it its rank.
    test::put(folder_ / "start", fmt::format("echo $$ >'{}'.$OMPI_COMM_WORLD_RANK; exec '{}' {}\n",
                                             id.string(), binary_, evaluation));
    const std::string line =
        fmt::format("exec {} -n {} sh '{}' >/dev/null 2>'{}'", mpirun_, processes,
                    (folder_ / "start").string(), (folder_ / "errors").string());
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 3000 && noted() < lines; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(std::stoi(text_of(fmt::format("{}.{}", id.string(), rank))), signal);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(EvaluateTogether, PrintAndWriteWhatOneProcessDoes) {
  const Json whole = timeless(evaluate(options("whole")));
  for (const int processes : {2, 3}) {
    EXPECT_EQ(timeless(evaluate_on(processes, options("shared"))), whole) << processes;
    expect_same_files("shared", "whole");
  }
}

TEST_F(EvaluateTogether, TellWhatATransferAndTheChecksDo) {
  const std::string options =
      "--mask 1 --source-mask 0 --attack pgd,cw --attack-steps 2 --limit-test 12";
  EXPECT_EQ(timeless(evaluate_on(2, options)), timeless(evaluate(options)));
}

TEST_F(EvaluateTogether, EachAttackImagesAndALogSaysHowMany) {
  evaluate_on(2, options("shared") + " --quiet=false");
  const std::string log = text_of(folder_ / "errors"), words = "apgd-ce: images by process: ";
  const auto at = log.find(words);
  ASSERT_NE(at, std::string::npos) << log;
  int first = 0, second = 0;
  ASSERT_EQ(std::sscanf(log.c_str() + at + words.size(), "%d, %d", &first, &second), 2) << log;
  EXPECT_GT(first, 0);
  EXPECT_GT(second, 0);
}

TEST_F(EvaluateTogether, KilledTheyResumeOnAnotherNumberOfProcesses) {
  const Json whole = timeless(evaluate(options("whole")));
  EXPECT_NE(signalled(2, 1, SIGKILL, 3, command(options("killed"))), 0);
  ASSERT_GE(noted(), 3);
  EXPECT_EQ(timeless(evaluate_on(3, options("killed") + " --resume")), whole);
  expect_same_files("killed", "whole");
}

TEST_F(EvaluateTogether, ASignalToOneEndsAllAndAnyNumberGoesOn) {
  const Json whole = timeless(evaluate(options("whole")));
  for (const int rank : {0, 1}) {
    EXPECT_EQ(signalled(2, rank, SIGTERM, 2, command(options("stopped"))), 143)
        << text_of(folder_ / "errors");
    ASSERT_GE(noted(), 2);
    const std::string errors = text_of(folder_ / "errors");
    EXPECT_EQ(errors.find("[process"), std::string::npos) << errors;
    EXPECT_EQ(timeless(evaluate(options("stopped") + " --resume")), whole);
    expect_same_files("stopped", "whole");
  }
}

}  // namespace
}  // namespace robmask
