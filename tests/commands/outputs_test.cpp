// Where results go is looked at before the work begins.

#include <sys/stat.h>

#include "tests/commands/binary.h"

namespace robmask {
namespace {

class Outputs : public Binary {
 protected:
  /// Every command that writes, up to the name of its output, with an ending of the output's
  /// format.
  std::vector<std::pair<std::string, std::string>> files() const {
    const std::string model = quoted(model_file()), small = " --limit-test 4 --quiet ";
    const std::string evaluate = "evaluate --attack clean --from " + model + small;
    return {{"export --from " + model + " --out ", ".safetensors"},
            {"predict --from " + model + small + "--logits ", ".npy"},
            {fmt::format("predict --from {}{}--logits {} --features ", model, small,
                         quoted(folder_ / "l.npy")),
             ".npy"},
            {evaluate + "--per-image ", ".csv"},
            {evaluate + "--robustbench-json ", ".json"},
            {evaluate + "--save-adversarial ", ".npy"},
            {fmt::format("interpolate --first {0} --second {0}{1}--save ", model, small),
             ".safetensors"},
            {fmt::format("report {}{}--data synthetic --out ", model, small), ".html"},
            {"bench --width 4 --quiet --save ", ".safetensors"}};
  }
};

TEST_F(Outputs, WhoseEndingPromisesAnotherFormatAreRefused) {
  for (const auto& [command, ending] : files())
    for (const std::string wrong : {".pt", ".PDF"})
      expect_refused(command + quoted(folder_ / ("out" + wrong)),
                     fmt::format("call it {}", (folder_ / ("out" + ending)).string()));
}

TEST_F(Outputs, OfAnyNameThatPromisesNothingAreWritten) {
  const std::string model = quoted(model_file());
  for (const std::string name : {"out", "out.1", "out.SafeTensors"}) {
    const Result result =
        run(fmt::format("export --from {} --out {}", model, quoted(folder_ / name)));
    EXPECT_EQ(result.code, 0) << result.errors;
  }
}

TEST_F(Outputs, ThatCannotBeWrittenAreFoundBeforeTheWorkBegins) {
  const Path taken = folder_ / "taken";
  std::filesystem::create_directory(taken);
  for (const auto& [command, ending] : files()) {
    const std::string option =
        command.substr(command.rfind("--"), command.size() - 1 - command.rfind("--"));
    if (!command.starts_with("report"))  // makes the folder of its page
      expect_refused(command + quoted(folder_ / ("missing/out" + ending)), option);
    expect_refused(command + quoted(taken), option);
    expect_refused(command + "/proc/out" + ending, option);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(taken), {}), 0);
}

TEST_F(Outputs, FoldersThatCannotBeMadeAreFoundBeforeTheWorkBegins) {
  const std::string model = quoted(model_file()), file = (folder_ / "file").string();
  test::put(file, "");
  const std::string small = " --limit-train 8 --limit-test 4 --quiet ";
  for (const std::string& command :
       {"train --width 4" + small, "finetune --from " + model + small,
        "evaluate --attack clean --from " + model + " --limit-test 4 --quiet",
        std::string("reproduce table1 --quiet")})
    for (const std::string& folder : {file, file + "/deeper/out", std::string("/proc/out/deeper")})
      expect_refused(fmt::format("{} --out {}", command, quoted(folder)), "--out " + folder);
  expect_refused("train --width 4" + small + "--out " + quoted(folder_ / "run.safetensors"),
                 "expected a folder");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run.safetensors"));
}

TEST_F(Outputs, MayLieInAFolderThatTheCommandMakes) {
  const Path out = folder_ / "out";
  const Result result = run(fmt::format(
      "evaluate --attack clean --from {} --limit-test 4 --quiet --out {} --per-image {}",
      quoted(model_file()), quoted(out), quoted(out / "images.csv")));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(out / "images.csv"));
}

TEST_F(Outputs, LeftByNobodyAreNotMadeByTheLook) {
  const Path out = folder_ / "out";
  expect_refused(
      fmt::format("train --quiet --data cifar10:/nonexistent --out {}", quoted(out / "a/b")),
      "/nonexistent");
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(folder_.files(), 2);  // what the program said
}

}  // namespace
}  // namespace robmask
