// Bad input gets one clear line and exit code 2; nothing half-written is left. These run the binary
// that `make test` names in ROBMASK.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "data/files/safetensors.h"
#include "engine/backend.h"
#include "tests/data/pictures.h"
#include "tests/files/scratch.h"
#include "training/checkpoint.h"

namespace robmask {
namespace {

struct Result {
  int code;
  std::string errors;
};

class Binary : public testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("ROBMASK");
    if (path == nullptr || !std::ifstream(path)) GTEST_SKIP() << "ROBMASK names no binary";
    binary_ = path;
  }

  Result run(const std::string& arguments) const {
    const Path errors = folder_ / "errors";
    const std::string command =
        fmt::format("'{}' {} --device cpu >/dev/null 2>'{}'", binary_, arguments, errors.string());
    const int status = std::system(command.c_str());
    std::ifstream file(errors);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            {std::istreambuf_iterator<char>(file), {}}};
  }

  void expect_refused(const std::string& arguments, const std::string& words) const {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 2) << arguments << "\n" << result.errors;
    EXPECT_NE(result.errors.find(words), std::string::npos) << arguments << "\n" << result.errors;
    EXPECT_EQ(std::ranges::count(result.errors, '\n'), 1) << arguments << "\n" << result.errors;
  }

  /// A small model as a file.
  Path model_file(const std::string& name = "model.safetensors") const {
    const Path path = folder_ / name;
    CheckpointInfo info;
    info.spec.width = 4;
    save_model(path, Model(backend("cpu"), DType::f32, info.spec, 0), info);
    return path;
  }

  std::string binary_;
  test::ScratchFolder folder_;
};

TEST_F(Binary, RefusesWrongNumbersAndNamesTheFlag) {
  expect_refused("train --eps -1", "--eps");
  expect_refused("train --eps 2", "--eps");
  expect_refused("train --eps 8/0", "--eps");
  expect_refused("train --batch 0", "--batch");
  expect_refused("train --bogus 1", "--bogus");
  expect_refused("train --method robmask --robmask-loss adv --bn-stats split", "--robmask-loss");
  expect_refused("train --model densenet121 --width 8", "--width");
}

TEST_F(Binary, RefusesDataThatIsNotThereOrGarbledAndLeavesNoRun) {
  const Path run_folder = folder_ / "run";
  const auto train = [&](const std::string& data) {
    return fmt::format("train --data {} --out '{}'", data, run_folder.string());
  };
  expect_refused(train("cifar10:/nonexistent"), "/nonexistent");
  std::filesystem::create_directory(folder_ / "data");
  test::put(folder_ / "data/data_batch_1.bin", std::string(4000, '\0'));
  test::put(folder_ / "data/test_batch.bin", std::string(3073, '\0'));
  expect_refused(train("cifar10:" + (folder_ / "data").string()), "data_batch_1.bin");
  test::put(folder_ / "data/data_batch_1.bin", std::string(3073, '\x0a'));
  expect_refused(train("cifar10:" + (folder_ / "data").string()), "label");
  expect_refused(train("folder:" + (folder_ / "data").string()), "train");
  EXPECT_FALSE(std::filesystem::exists(run_folder));
}

TEST_F(Binary, StopsAtABrokenImageOrLeavesItOut) {
  for (const char* place : {"train/ant", "train/bee", "test/ant"}) {
    std::filesystem::create_directories(folder_ / place);
    test::put_png(folder_ / place / "1.png", test::plain(32, 32, {1, 2, 3}));
  }
  test::put(folder_ / "train/bee/2.jpg", "\xff\xd8\xff\xe0 cut short");
  const std::string train =
      fmt::format("train --width 4 --epochs 1 --batch 2 --quiet --data folder:{} --out '{}'",
                  folder_.path().string(), (folder_ / "run").string());
  expect_refused(train, "train/bee/2.jpg");
  const Result skipped = run(train + " --broken-images skip");
  EXPECT_EQ(skipped.code, 0) << skipped.errors;
  EXPECT_NE(skipped.errors.find("skipped"), std::string::npos) << skipped.errors;
}

TEST_F(Binary, RefusesWeightsThatCannotBeTheModels) {
  const std::string evaluate = "evaluate --limit-test 4 --attack clean --quiet --from ";
  test::put(folder_ / "junk", "not a weights file");
  expect_refused(evaluate + (folder_ / "junk").string(), "junk");
  expect_refused(evaluate + "/nonexistent", "/nonexistent");

  const Path model = model_file();
  EXPECT_EQ(run(evaluate + model.string()).code, 0);
  expect_refused(evaluate + model.string() + " --mask 0.5", "--mask");

  SafeTensors file = read_safetensors(model);
  file.metadata["width"] = "8";
  write_safetensors(folder_ / "wider", file);
  expect_refused(evaluate + (folder_ / "wider").string(), "expected shape");

  file.metadata["width"] = "4";
  std::vector<float> bias = file.values<float>("linear.bias");
  bias[3] = std::nanf("");
  for (NamedTensor& t : file.tensors)
    if (t.name == "linear.bias") t.tensor = host_tensor(t.tensor.shape, bias);
  write_safetensors(folder_ / "nan", file);
  expect_refused(evaluate + (folder_ / "nan").string(), "finite");

  std::error_code ignored;
  std::filesystem::resize_file(model, std::filesystem::file_size(model) - 1, ignored);
  expect_refused(evaluate + model.string(), "model.safetensors");
}

TEST_F(Binary, SaysThatTheDiskIsFullAndKeepsWhatWasThere) {
  const Path model = model_file(), out = folder_ / "exported";
  test::put(out, "earlier");
  const Result result = run(fmt::format("export --from '{}' --out /dev/full", model.string()));
  EXPECT_EQ(result.code, 1) << result.errors;
  EXPECT_NE(result.errors.find("full"), std::string::npos) << result.errors;

  const std::string limited = fmt::format(
      "sh -c \"ulimit -f 8; '{}' export --from '{}' --out '{}' --device cpu\" >/dev/null 2>&1",
      binary_, model.string(), out.string());
  const int status = std::system(limited.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  std::ifstream file(out);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "earlier");
}

}  // namespace
}  // namespace robmask
