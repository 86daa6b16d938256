// robmask train and finetune from end to end: stopped, killed, resumed, and their run directories.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <regex>
#include <thread>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "data/files/safetensors.h"
#include "tests/commands/binary.h"

namespace robmask {
namespace {

class Training : public Binary {
 protected:
  Path run_folder(const std::string& name) const { return folder_ / name; }

  std::string train(const std::string& out, const std::string& options = "") const {
    return fmt::format(
        "train --width 4 --limit-train 32 --limit-test 8 --batch 8 --epochs 2 --threads 1 --json "
        "--quiet --out '{}' {}",
        run_folder(out).string(), options);
  }
  Json trained(const std::string& out, const std::string& options = "") const {
    const Result result = run(train(out, options));
    EXPECT_EQ(result.code, 0) << result.errors;
    return parse_json(result.output, "train");
  }
  /// All tensors of a run's weights; their metadata counts checkpoints.
  std::vector<NamedTensor> weights(const std::string& out) const {
    return read_safetensors(run_folder(out) / "model.safetensors").tensors;
  }
  /// The rows of a run's log without their times.
  std::vector<CsvRow> log_rows(const std::string& out) const {
    CsvTable table = read_csv(run_folder(out) / "log.csv");
    for (CsvRow& row : table.rows) row[table.column("seconds", "log.csv")].clear();
    return table.rows;
  }

  /// Starts the binary, sends it a signal `later` than `file` is there, and returns its exit code.
  int stopped(const std::string& arguments, int signal, const Path& file,
              std::chrono::milliseconds later = {}) const {
    const std::string command =
        fmt::format("exec '{}' {} --device cpu >/dev/null 2>&1", binary_, arguments);
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!std::filesystem::exists(file) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(later);
    ::kill(child, signal);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

TEST_F(Training, StoppedInMidEpochByAnySignalItResumesToTheSameBits) {
  const std::string options =
      "--method robmask --bn-stats split --attack-steps 1 --limit-train 48 --batch 4 --epochs 3";
  trained("whole", options);
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    const std::string out = std::to_string(signal);
    const Path state = run_folder(out) / "state.safetensors";
    EXPECT_EQ(stopped(train(out, options), signal, state), 128 + signal);
    EXPECT_LT(log_rows(out).size(), 3u) << "too late for signal " << signal;
    if (signal != SIGKILL) {  // it wrote a checkpoint of the batches it had done
      EXPECT_GT(read_safetensors(state).values<Index>("progress/counters")[1], 0);
    }
    trained(out, options + " --resume");
    EXPECT_EQ(weights(out), weights("whole")) << "signal " << signal;
    EXPECT_EQ(log_rows(out), log_rows("whole")) << "signal " << signal;
  }
}

TEST_F(Training, StoppedWhileItEvaluatesItResumesToTheSameBits) {
  const std::string options = "--width 8 --limit-train 8 --limit-test 6000";
  trained("whole", options);
  // After the first epoch's checkpoint comes one iteration, then a long evaluation.
  const Path model = run_folder("stopped") / "model.safetensors";
  EXPECT_EQ(stopped(train("stopped", options), SIGTERM, model, std::chrono::milliseconds(60)), 143);
  trained("stopped", options + " --resume");
  EXPECT_EQ(weights("stopped"), weights("whole"));
  EXPECT_EQ(log_rows("stopped"), log_rows("whole"));
}

TEST_F(Training, AFullDiskLosesNoCheckpointAndLeavesNoPartOfOne) {
  const auto limited = [&](const std::string& arguments) {  // files of a few KiB: not a checkpoint
    const int status = std::system(fmt::format("ulimit -f 16; '{}' {} --device cpu >'{}' 2>&1",
                                               binary_, arguments, (folder_ / "said").string())
                                       .c_str());
    return WEXITSTATUS(status);
  };
  const auto files = [&](const std::string& out) {
    return std::distance(std::filesystem::directory_iterator(run_folder(out)), {});
  };
  EXPECT_EQ(limited(train("fresh")), 1);
  EXPECT_NE(text_of(folder_ / "said").find("state.safetensors"), std::string::npos);
  EXPECT_EQ(files("fresh"), 2);  // config.json and the log

  trained("whole");
  trained("run", "--steps 4");
  const std::string state = text_of(run_folder("run") / "state.safetensors");
  EXPECT_EQ(limited(train("run", "--resume")), 1);
  EXPECT_EQ(text_of(run_folder("run") / "state.safetensors"), state);
  EXPECT_EQ(files("run"), 4);
  trained("run", "--resume");
  EXPECT_EQ(weights("run"), weights("whole"));
}

TEST_F(Training, AFinishedRunResumedReportsWhatItReported) {
  for (const std::string options : {"", "--steps 6"}) {
    const std::string out = "run" + options;
    const Json first = trained(out, options), again = trained(out, options + " --resume");
    EXPECT_EQ(again["epoch"], 1);
    EXPECT_EQ(again["iterations"], first["iterations"]);
    EXPECT_EQ(again["test_accuracy"], first["test_accuracy"]);
    EXPECT_NEAR(again["train_loss"].get<double>(), first["train_loss"].get<double>(), 1e-5);
  }
}

TEST_F(Training, ThatDivergesEndsInOneLineAndWithoutACheckpoint) {
  const Result result = run(train("run", "--lr 1e30"));
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.errors.find("not finite"), std::string::npos) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(run_folder("run") / "state.safetensors"));
}

TEST_F(Training, NeverOverwritesARunOrAModel) {
  trained("run");
  trained("run/");
  EXPECT_TRUE(std::filesystem::exists(run_folder("run.1") / "state.safetensors"));
  std::filesystem::create_directory(run_folder("only"));
  test::put(run_folder("only") / "model.safetensors", "precious");
  trained("only", "--resume");
  EXPECT_EQ(text_of(run_folder("only.1") / "model.safetensors"), "precious");
  EXPECT_TRUE(std::filesystem::exists(run_folder("only") / "state.safetensors"));
}

TEST_F(Training, WarnsThatThereIsNothingToResumeEvenIfQuiet) {
  test::put(folder_ / "note", "");
  for (const std::string folder : {"typo", "."}) {  // not there, and not a run
    const Result result = run(train(folder, "--resume"));
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_NE(result.errors.find("robmask: warning: --resume: "), std::string::npos)
        << result.errors;
    EXPECT_NE(result.errors.find("it starts anew, on synthetic (no --data was given)"),
              std::string::npos)
        << result.errors;
  }
  std::filesystem::create_directory(run_folder("made"));  // for the run, by a script
  EXPECT_EQ(run(train("made", "--resume --limit-test 10")).errors, "");
}

TEST_F(Training, ThatIsRefusedToResumeLeavesItsFolderAsItWas) {
  const Path data = folder_ / "data", settings = run_folder("run") / "config.json";
  std::filesystem::create_directory(data);
  const auto put_images = [&](Index count) {
    for (const char* file : {"data_batch_1.bin", "test_batch.bin"})
      test::put(data / file, std::string(count * 3073, '\1'));
  };
  const std::string options = fmt::format("--data 'cifar10:{}' --steps ", data.string());
  put_images(20);
  trained("run", options + "2");
  const std::string before = text_of(settings);
  put_images(30);
  expect_refused(train("run", "--resume " + options + "3"),
                 "state.safetensors: the run was trained on 20 images, --data has 30");
  EXPECT_EQ(text_of(settings), before);
  put_images(20);
  std::filesystem::remove(settings);
  const Result result = run(train("run", "--resume " + options + "3"));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("holds no config.json"), std::string::npos) << result.errors;
  EXPECT_NE(text_of(settings), before);
}

TEST_F(Training, SaysALineAnEpochWithTheLossTheAccuraciesAndTheTimeLeft) {
  const auto lines = [&](const std::string& options) {
    std::string command = train("run", options + " --epochs 2");
    command.erase(command.find("--quiet "), 8);
    return run(command).errors;
  };
  const std::string one = lines(""), two = lines("--method robmask --attack-steps 1");
  const auto number = R"([0-9]+\.[0-9]+)";
  for (const auto& [said, accuracies] :
       {std::pair{one, R"(test accuracy N %)"},
        std::pair{two, R"(test accuracy N % at mask 0 and N % at mask 1)"}})
    for (const auto& [epoch, left] : {std::pair{"1/2", ", [0-9]:[0-9][0-9] left"}, {"2/2", ""}}) {
      std::string line = fmt::format("epoch {}: loss N, {}{}\n", epoch, accuracies, left);
      for (std::size_t at; (at = line.find('N')) != std::string::npos;) line.replace(at, 1, number);
      EXPECT_TRUE(std::regex_search(said, std::regex(line))) << line << said;
    }
}

TEST_F(Training, KeepsTheBestWeightsBesideTheLastSaysSoAndTheyAreReadAsAny) {
  std::string command = train("run", "--keep best --limit-test 40");
  command.erase(command.find("--quiet "), 8);
  const Result done = run(command);
  ASSERT_EQ(done.code, 0) << done.errors;
  EXPECT_NE(done.errors.find(" %, the best so far: kept as model-best.safetensors"),
            std::string::npos)
      << done.errors;
  const Json result = parse_json(done.output, "train");
  const Path best = run_folder("run") / "model-best.safetensors";
  EXPECT_EQ(result["best_checkpoint"], best.string());
  EXPECT_EQ(read_safetensors(best).metadata.at("epoch"), result["best_epoch"].dump());
  const Result judged = run("evaluate --attack clean --json --quiet --limit-test 40 --from " +
                            quoted(best));  // on the run's own data
  ASSERT_EQ(judged.code, 0) << judged.errors;
  EXPECT_EQ(parse_json(judged.output, "evaluate")["results"][0]["clean_accuracy"],
            result["best_test_accuracy"]);
  EXPECT_EQ(trained("run", "--limit-test 40 --resume")["best_epoch"], result["best_epoch"]);
  expect_refused(train("run", "--limit-test 40 --resume --keep last"), "--keep: the run in");
  EXPECT_EQ(trained("last")["best_checkpoint"], Json());
  EXPECT_FALSE(std::filesystem::exists(run_folder("last") / "model-best.safetensors"));
}

TEST_F(Training, WritesCurvesThatAResumedRunGoesOnWithUnasked) {
  const Path curves = run_folder("run") / "events.out.tfevents.robmask";
  trained("run", "--tensorboard --steps 4");
  const auto bytes = std::filesystem::file_size(curves);
  trained("run", "--resume");
  EXPECT_GT(std::filesystem::file_size(curves), bytes);
  trained("late");
  trained("late", "--resume --tensorboard");
  EXPECT_EQ(std::filesystem::file_size(run_folder("late") / curves.filename()),
            std::filesystem::file_size(curves));
}

TEST_F(Training, TakesAnyNameOfItsFolderThatTheSystemTakes) {
  trained("run\xff");  // JSON is UTF-8
  for (const std::string resume : {"", "--resume"})
    expect_refused(train(std::string(300, 'x'), resume), "--out");
}

TEST_F(Training, StartsFromWeightsWithTheirNormalizationAndCopiesTheirMask) {
  const Path file = model_file("start.safetensors");
  SafeTensors start = read_safetensors(file);
  start.metadata["mean"] = "0.25,0.5,0.75";
  write_safetensors(file, start);
  trained("run",
          fmt::format("--init '{}' --method robmask --attack-steps 1 --lr 0 --normalize none",
                      file.string()));
  const SafeTensors run = read_safetensors(run_folder("run") / "model.safetensors");
  EXPECT_EQ(run.metadata.at("mean"), "0.25,0.5,0.75");
  EXPECT_EQ(run.metadata.at("masks"), "2");
  EXPECT_EQ(run.at("conv1.weight"), start.at("conv1.weight"));
  for (const char* tensor : {"bn1.weight", "bn1.mask.1.weight"})
    EXPECT_EQ(run.at(tensor), start.at("bn1.weight")) << tensor;
  start.metadata.clear();
  write_safetensors(file, start);
  trained("plain", fmt::format("--init '{}' --normalize none", file.string()));
  EXPECT_EQ(read_safetensors(run_folder("plain") / "model.safetensors").metadata.at("mean"),
            "0,0,0");
}

TEST_F(Training, StartsFromWeightsOfOtherClassesWithANewHeadAndSaysSo) {
  const Path file = model_file("start.safetensors", 7);
  const Result result =
      run(train("run", fmt::format("--lr 0 --seed 3 --init '{}'", file.string())));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("its head is of 7 classes, the data have 10: the head starts anew"),
            std::string::npos)
      << result.errors;
  trained("fresh", "--lr 0 --seed 3");
  const SafeTensors start = read_safetensors(file),
                    fresh = read_safetensors(run_folder("fresh") / "model.safetensors");
  for (const NamedTensor& t : weights("run")) {
    if (t.name.find("running") != std::string::npos || t.name.ends_with("tracked")) continue;
    EXPECT_EQ(t.tensor, (t.name.starts_with("linear.") ? fresh : start).at(t.name)) << t.name;
  }
}

TEST_F(Training, FinetuningKeepsTheBitsOfAllThatItDoesNotTune) {
  const Path file = model_file();
  const Result result = run(fmt::format(
      "finetune --from '{}' --tune gamma,beta --method pgd --attack-bn train-frozen --attack-steps "
      "1 "
      "--limit-train 16 --limit-test 8 --batch 8 --epochs 1 --threads 1 --quiet --out '{}'",
      file.string(), run_folder("run").string()));
  ASSERT_EQ(result.code, 0) << result.errors;
  const SafeTensors before = read_safetensors(file);
  for (const NamedTensor& t : weights("run")) {
    const bool norm =
        t.name.find("bn") != std::string::npos || t.name.find("shortcut.1") != std::string::npos;
    const bool tuned = norm && (t.name.ends_with(".weight") || t.name.ends_with(".bias"));
    EXPECT_NE(t.tensor == before.at(t.name), tuned) << t.name;
  }
}

}  // namespace
}  // namespace robmask
