// robmask evaluate, interrupted or killed: it goes on where its journal ends, if that is its own.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/commands/evaluation.h"

namespace robmask {
namespace {

TEST_F(Evaluate, KilledAtAnyMomentItResumesToTheSameReportAndTheSameImages) {
  const auto options = [&](const std::string& name) {
    return fmt::format(
        "--mask 1 --attack autoattack --eps 4/255 --attack-steps 6 --queries 40 --targets 2 "
        "--batch 4 "
        "--checks off --save-adversarial '{}' --per-image '{}'",
        (folder_ / (name + ".npy")).string(), (folder_ / (name + ".csv")).string());
  };
  const auto began = std::chrono::steady_clock::now();
  const Json whole = timeless(evaluate(options("whole")));
  const auto took = std::chrono::steady_clock::now() - began;
  bool interrupted = false;
  for (int kill = 0; kill < 3; ++kill) {
    const std::string resumed = fmt::format("exec '{}' {} >/dev/null 2>&1", binary_,
                                            command(options("killed") + " --resume"));
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/bin/sh", "sh", "-c", resumed.c_str(), nullptr);
      ::_exit(127);
    }
    std::this_thread::sleep_for(took * 3 / 10);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    interrupted |= std::filesystem::exists(folder_ / "evaluation.journal");
  }
  EXPECT_TRUE(interrupted);
  EXPECT_EQ(timeless(evaluate(options("killed") + " --resume")), whole);
  for (const char* kind : {".npy", ".csv"})
    EXPECT_EQ(text_of(folder_ / (std::string("killed") + kind)),
              text_of(folder_ / (std::string("whole") + kind)))
        << kind;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.journal"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.images"));
}

TEST_F(Evaluate, OneThatIsFinishedButWasNotPrintedOrWrittenResumesToTheSameReportAndTheSameImages) {
  const auto options = [&](const std::string& name) {
    return fmt::format(
        "--mask 1 --attack pgd --attack-steps 2 --checks off --save-adversarial '{}' --per-image "
        "'{}'",
        (folder_ / (name + ".npy")).string(), (folder_ / (name + ".csv")).string());
  };
  const Json whole = timeless(evaluate(options("whole")));
  const Path output = folder_ / "output";
  for (const std::string unwritable : {"output", "killed.csv", "killed.npy"}) {
    const Path target = folder_ / unwritable;
    std::filesystem::remove(target);
    std::filesystem::create_symlink("/dev/full", target);
    const std::string failing = fmt::format("'{}' {} >'{}' 2>/dev/null", binary_,
                                            command(options("killed")), output.string());
    EXPECT_EQ(WEXITSTATUS(std::system(failing.c_str())), 1) << unwritable;
    std::filesystem::remove(target);
    EXPECT_EQ(timeless(evaluate(options("killed") + " --resume")), whole) << unwritable;
    for (const char* kind : {".npy", ".csv"})
      EXPECT_EQ(text_of(folder_ / (std::string("killed") + kind)),
                text_of(folder_ / (std::string("whole") + kind)))
          << unwritable << kind;
    for (const char* file : {"evaluation.journal", "evaluation.images"})
      EXPECT_FALSE(std::filesystem::exists(folder_ / file)) << unwritable << file;
  }
}

TEST_F(Evaluate, TrustsNoImagesThatAKillLeftWithoutAJournal) {
  const Path kept = folder_ / "evaluation.images", saved = folder_ / "x.npy";
  const std::string options =
      "--mask 1 --attack pgd --attack-steps 2 --checks off --save-adversarial " + quoted(saved);
  evaluate(options);
  const std::string images = text_of(saved);
  for (const char* resume : {"", " --resume"})
    for (const bool journal : {false, true}) {
      test::put(kept, std::string(2'000'000, '\x3f'));
      if (journal) test::put(folder_ / "evaluation.journal", "");
      evaluate(options + resume);
      EXPECT_EQ(text_of(saved), images) << resume << journal;
      EXPECT_FALSE(std::filesystem::exists(kept)) << resume << journal;
    }
}

TEST_F(Evaluate, AnInterruptEndsAnAttackThatBreaksNothingAndItsJournalIsOfItsSourceOnly) {
  const std::string options =
      "--attack fgsm,square --eps 0.01/255 --queries 1000000 --checks off --limit-test 16";
  const std::string begun = fmt::format("exec '{}' {} --quiet=false >/dev/null 2>'{}'", binary_,
                                        command(options), (folder_ / "errors").string());
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", begun.c_str(), nullptr);
    ::_exit(127);
  }
  const Path journal = folder_ / "evaluation.journal";
  for (int i = 0; i < 600 && !std::filesystem::exists(journal); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ::kill(child, SIGINT);
  int status = 0, waited = 0;
  for (; waited < 300 && ::waitpid(child, &status, WNOHANG) == 0; ++waited)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  if (waited == 300) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  const std::string errors = text_of(folder_ / "errors");
  EXPECT_NE(errors.find("--resume goes on from " + journal.string()), std::string::npos) << errors;
  expect_refused(command(options + " --resume --source " + quoted(model_file())), "source-weights");
  expect_refused(command(options + " --resume --source-mask 1"), "source-mask");
}

TEST_F(Evaluate, RefusesTheJournalOfAnotherModelOrOtherSettings) {
  std::ofstream(folder_ / "evaluation.journal")
      << R"({"evaluation":{"weights":"0123456789abcdef"}})" << '\n';
  expect_refused(command("--resume"), "weights");
  EXPECT_EQ(run(command("--attack clean")).code, 0);
}

TEST_F(Evaluate, RefusesAJournalThatWasMeddledWith) {
  const Path journal = folder_ / "evaluation.journal";
  const std::string options = "--mask 1 --attack pgd --attack-steps 2 --checks off";
  const std::string header = interrupted(command(options));
  const auto second = header.find('\n') + 1;
  Json line = parse_json(header.substr(second, header.find('\n', second) - second), "line 2");
  for (const char* entry : {R"({"seconds":1,"images":[[4000,true,"clean",-1,-1,0.0,3]]})",
                            R"({"seconds":1,"images":[[-1,true,"clean",-1,-1,0.0,3]]})",
                            R"({"seconds":1,"images":[[0,true,"magic",-1,-1,0.0,3]]})",
                            R"({"seconds":1,"images":[[4294967296,true,"clean",-1,-1,0.0,3]]})",
                            R"({"seconds":1,"images":[[0.7,true,"clean",-1,-1,0.0,3]]})",
                            R"({"seconds":1,"images":[[0,true,"clean",-1,-1,0.0,10]]})",
                            R"({"seconds":1,"images":[[0,true,"clean",-1,-1,0.0,-2]]})",
                            R"({"seconds":1,"images":[[0,true,"clean",-1,0.5,0.0,3]]})",
                            R"({"seconds":1,"images":[[0,true,"clean",-1,-1,-1.0,3]]})",
                            R"({"seconds":-1,"images":[]})", R"({"seconds":1,"images":[[0,true]]})",
                            R"({"seconds":"1","images":[]})", "[[0]]", "3"}) {
    line["entry"] = parse_json(entry, entry);
    std::filesystem::remove(journal);
    test::put(journal, header.substr(0, second) + line.dump() + "\n");
    expect_refused(command(options + " --resume"), "evaluation.journal");
  }
}

TEST_F(Evaluate, RefusesAJournalOfOtherImagesBehindTheSameName) {
  const Path file = folder_ / "test_batch.bin";
  const std::string evaluation =
      command(fmt::format("--mask 1 --attack pgd --attack-steps 1 --checks off --data 'cifar10:{}'",
                          folder_.path().string()));
  std::string images;
  for (char label = 0; label < 10; ++label) images += label + std::string(3072, '\x40');
  test::put(file, images);
  EXPECT_FALSE(interrupted(evaluation).empty());
  images.back() = '\x41';
  test::put(file, images);
  expect_refused(evaluation + " --resume", "pixels and labels");
}

TEST_F(Evaluate, WarnsThatAFolderToResumeInIsNotThere) {
  const std::string clean = command("--attack clean --checks off --resume");
  EXPECT_EQ(run(clean).errors, "");
  const Result typo = run(clean + " --out " + quoted(folder_ / "typo"));
  EXPECT_EQ(typo.code, 0) << typo.errors;
  EXPECT_NE(typo.errors.find("warning: --resume: " + (folder_ / "typo").string()),
            std::string::npos)
      << typo.errors;
}

TEST_F(Evaluate, KeepsNoImagesForOneThatDoesNotWantThem) {
  const std::string evaluation = command("--mask 1 --attack pgd --attack-steps 1 --checks off");
  interrupted(evaluation);
  expect_refused(evaluation + " --resume --save-adversarial " + quoted(folder_ / "x.npy"),
                 "keeps images");
}

}  // namespace
}  // namespace robmask
