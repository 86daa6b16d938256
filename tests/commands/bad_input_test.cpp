// Bad input gets one clear line and exit code 2; nothing half-written is left.

#include "data/files/safetensors.h"
#include "tests/commands/binary.h"
#include "tests/data/pictures.h"

namespace robmask {
namespace {

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
    return fmt::format("train --data '{}' --out '{}'", data, run_folder.string());
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

TEST_F(Binary, RefusesInOneLineWhateverANameHolds) {
  expect_refused("evaluate --from 'no\nsuch ε'", "no\\x0asuch ε");
  expect_refused("evaluate --from x --eps " + std::string(100'000, '9') + "x", "--eps: expected");
  EXPECT_LT(text_of(folder_ / "errors").size(), 3000u);
}

TEST_F(Binary, StopsAtABrokenImageOrLeavesItOut) {
  for (const char* place : {"train/ant", "train/bee", "test/ant"}) {
    std::filesystem::create_directories(folder_ / place);
    test::put_png(folder_ / place / "1.png", test::plain(32, 32, {1, 2, 3}));
  }
  test::put(folder_ / "train/bee/2.jpg", "\xff\xd8\xff\xe0 cut short");
  const std::string train =
      fmt::format("train --width 4 --epochs 1 --batch 2 --quiet --data 'folder:{}' --out '{}'",
                  folder_.path().string(), (folder_ / "run").string());
  expect_refused(train, "train/bee/2.jpg");
  const Result skipped = run(train + " --broken-images skip");
  EXPECT_EQ(skipped.code, 0) << skipped.errors;
  EXPECT_NE(skipped.errors.find("skipped"), std::string::npos) << skipped.errors;
}

TEST_F(Binary, RefusesEvaluationsThatCannotBe) {
  const std::string evaluate = "evaluate --limit-test 4 --quiet --from " + quoted(model_file());
  expect_refused(evaluate + " --eps -1/255", "--eps");
  expect_refused(evaluate + " --eps nan", "--eps");
  expect_refused(evaluate + " --eps 8", "--eps");
  expect_refused(evaluate + " --attack pdg", "--attack");
  expect_refused(evaluate + " --norm l1", "--norm");
  expect_refused(evaluate + " --quantize 4", "--quantize");
  expect_refused(evaluate + " --against-mask 0.5", "--against-mask");
  expect_refused(evaluate + " --checks maybe", "--checks");
  expect_refused(evaluate + " --corruptions /nonexistent --attack clean", "--corruptions");
  expect_refused(evaluate + " --attack pgd,fgsm --robustbench-json x", "--robustbench-json");
  const std::string model = model_file().string();
  expect_refused(fmt::format("interpolate --limit-test 4 --first '{0}' --second '{0}' --p 0,1 "
                             "--save-adversarial x",
                             model),
                 "--save-adversarial");
  const Path out = folder_ / "out";
  expect_refused(evaluate + " --data cifar10:/nonexistent --out " + quoted(out), "/nonexistent");
  expect_refused(evaluate + " --mask 0.5 --out " + quoted(out), "--mask");
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.journal"));
}

TEST_F(Binary, RefusesWeightsThatCannotBeTheModels) {
  const std::string evaluate = "evaluate --limit-test 4 --attack clean --quiet --from ";
  test::put(folder_ / "junk", "not a weights file");
  expect_refused(evaluate + quoted(folder_ / "junk"), "junk");
  expect_refused(evaluate + "/nonexistent", "/nonexistent");

  const Path model = model_file();
  EXPECT_EQ(run(evaluate + quoted(model)).code, 0);
  expect_refused(evaluate + quoted(model) + " --mask 0.5", "--mask");

  SafeTensors file = read_safetensors(model);
  file.metadata["width"] = "8";
  write_safetensors(folder_ / "wider", file);
  expect_refused(evaluate + quoted(folder_ / "wider"), "expected width 4");

  file.metadata["width"] = "4";
  std::vector<float> bias = file.values<float>("linear.bias");
  bias[3] = std::nanf("");
  for (NamedTensor& t : file.tensors)
    if (t.name == "linear.bias") t.tensor = host_tensor(t.tensor.shape, bias);
  write_safetensors(folder_ / "nan", file);
  expect_refused(evaluate + quoted(folder_ / "nan"), "finite");

  std::error_code ignored;
  std::filesystem::resize_file(model, std::filesystem::file_size(model) - 1, ignored);
  expect_refused(evaluate + quoted(model), "model.safetensors");
}

TEST_F(Binary, SaysWhereDataThatNobodyGaveAndThatAreNotThereComeFrom) {
  test::put(folder_ / "config.json", R"({"data": "cifar10:/nonexistent"})");
  const std::string weights = quoted(model_file()), folder = quoted(folder_.path());
  const std::string from = "the run's own, from " + (folder_ / "config.json").string();
  expect_refused("evaluate --limit-test 4 --from " + folder, from);
  expect_refused("evaluate --limit-test 4 --from " + weights, from);
  expect_refused("finetune --epochs 1 --from " + folder, from);
  expect_refused(fmt::format("predict --from {} --logits {}", folder, quoted(folder_ / "x.npy")),
                 from);
  expect_refused(fmt::format("interpolate --first {0} --second /nonexistent", folder),
                 "/nonexistent");
  expect_refused(fmt::format("interpolate --first {0} --second {0}", folder), from);

  const std::string given =
      fmt::format("evaluate --attack clean --checks off --limit-test 4 --from {}", folder);
  EXPECT_EQ(run(given + " --data synthetic").errors.find("--data"), std::string::npos);
  std::filesystem::remove(folder_ / "config.json");
  const Result result = run(given);
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.errors.find("--data synthetic: the default"), std::string::npos)
      << result.errors;
}

TEST_F(Binary, WarnsOfTrainingInAnL2BallOfTheSizeOfAnLinfBall) {
  const std::string train = fmt::format(
      "train --norm l2 --steps 1 --batch 4 --limit-train 4 --limit-test 4 --width 4 "
      "--attack-steps 1 --quiet --out '{}' --method ",
      (folder_ / "run").string());
  const auto warned = [&](const std::string& options) {
    const Result result = run(train + options);
    EXPECT_EQ(result.code, 0) << result.errors;
    return result.errors.find("in l2") != std::string::npos;
  };
  EXPECT_TRUE(warned("pgd"));
  EXPECT_FALSE(warned("pgd --eps 0.5"));
  EXPECT_FALSE(warned("standard"));
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
