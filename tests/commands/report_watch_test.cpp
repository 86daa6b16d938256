// robmask report --watch beside a run that goes on.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "data/files/json.h"
#include "tests/commands/binary.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

class ReportWatch : public Binary {
 protected:
  Result train(const Path& out, const std::string& options = "") const {
    return run(
        "train --width 4 --limit-train 32 --limit-test 12 --batch 8 --epochs 2 --threads 1 --quiet "
        "--out " +
        quoted(out) + " " + options);
  }
  static std::string report_of(const Path& run) {
    return "report --limit-test 12 --images 2 --attack-steps 1 --threads 1 --json " + quoted(run);
  }
  /// What a run killed after its first epoch of two leaves behind.
  Path killed_run(const std::string& name) const {
    const Path out = folder_ / name;
    EXPECT_EQ(train(out, "--steps 4").code, 0);
    Json config = read_json(out / "config.json");
    config["steps"] = nullptr;
    write_json(out / "config.json", config);
    return out;
  }

  /// A command in the background, its words in files.
  pid_t start(const std::string& arguments) const {
    const std::string command =
        fmt::format("exec '{}' {} --device cpu >'{}' 2>'{}'", binary_, arguments,
                    (folder_ / "watch-output").string(), (folder_ / "watch-errors").string());
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
    return child;
  }
  static int code_of(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// Whether a file comes to hold some words, in a minute.
  static bool comes_to_say(const Path& file, const std::string& words) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (text_of(file).find(words) == std::string::npos) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  const std::string reload_ = "<meta http-equiv=\"refresh\"";
};

TEST_F(ReportWatch, FollowsARunFromBeforeItsFirstEpochToThePageOfTheFinishedRun) {
  const Path out = folder_ / "run", page = out / "report.html", killed = killed_run("killed");
  fs::create_directory(out);
  const pid_t watching = start(report_of(out) + " --watch");
  EXPECT_TRUE(comes_to_say(folder_ / "watch-errors", "waiting for its weights"));
  for (const char* file : {"config.json", "log.csv", "state.safetensors", "model.safetensors"})
    fs::copy(killed / file, out / file);
  EXPECT_TRUE(comes_to_say(page, "run has done 1 of 2 epochs, and was measured after 1"));
  EXPECT_NE(text_of(page).find(reload_), std::string::npos);
  EXPECT_EQ(train(out, "--resume").code, 0);
  EXPECT_EQ(code_of(watching), 0) << text_of(folder_ / "watch-errors");
  const std::string watched = text_of(page), printed = text_of(folder_ / "watch-output");
  const Result once = run(report_of(out));
  EXPECT_EQ(once.code, 0) << once.errors;
  EXPECT_EQ(watched, text_of(page));
  EXPECT_EQ(watched.find(reload_), std::string::npos);
  EXPECT_EQ(printed, once.output);
}

TEST_F(ReportWatch, StoppedByASignalItLeavesAPageThatStaysAsItIs) {
  const Path out = killed_run("run"), page = out / "report.html";
  const pid_t watching = start(report_of(out) + " --watch");
  EXPECT_TRUE(comes_to_say(page, reload_));
  ::kill(watching, SIGTERM);
  EXPECT_EQ(code_of(watching), 143);
  const std::string watched = text_of(page);
  EXPECT_EQ(watched.find(reload_), std::string::npos);
  EXPECT_FALSE(fs::exists(out / "report.html.journal"));
  EXPECT_EQ(run(report_of(out)).code, 0);
  EXPECT_EQ(watched, text_of(page));
}

TEST_F(ReportWatch, DoesNotWaitForARunThatIsNotThere) {
  expect_refused("report --quiet --watch " + quoted(folder_ / "none"), "expected a run directory");
  expect_refused("report --watch --resume " + quoted(folder_.path()), "--resume: not with --watch");
}

}  // namespace
}  // namespace robmask
