// Configuration files, resolved settings, config.json and resuming.

#include <filesystem>

#include "tests/cli/command_line.h"
#include "tests/files/scratch.h"
#include "tools/robmask/options/config_json.h"
#include "tools/robmask/options/resolve.h"

namespace robmask {
namespace {

class Config : public testing::Test {
 protected:
  std::string write(const std::string& text) const {
    write_file(folder_ / "run.toml", text);
    return (folder_ / "run.toml").string();
  }
  std::string out() const { return (folder_ / "run").string(); }

  /// Resolved for the CPU, with the config.json that a run writes.
  TrainSettings start_run(std::vector<std::string> flags) const {
    flags.insert(flags.end(), {"--out", out()});
    auto s = parsed<TrainSettings>(flags);
    resolve(s, "cpu");
    std::filesystem::create_directories(out());
    write_json(folder_ / "run/config.json", config_json(s, "avx2"));
    return s;
  }
  TrainSettings resume_run(const std::vector<std::string>& flags) const {
    std::vector<std::string> all{"train", "--resume", "--out", out()};
    all.insert(all.end(), flags.begin(), flags.end());
    auto s = parsed<TrainSettings>(all);
    resolve(s, "cpu");
    return s;
  }

  test::ScratchFolder folder_;
};

TEST_F(Config, FileSetsTheSameNamesAndFlagsOverrideIt) {
  const std::string path = write(
      "# a run\nepochs = 3\neps = \"4/255\"\nattack_steps = 5\naux-eps = [\"2/255\", \"4/255\"]\n"
      "shuffle = false\nquiet = true\n");
  const auto s = parsed<TrainSettings>({"train", "--epochs", "7", "--config", path});
  EXPECT_EQ(s.epochs, 7);
  EXPECT_EQ(s.attack.eps.text, "4/255");
  EXPECT_EQ(s.attack.steps, 5);
  ASSERT_EQ(s.aux_eps.size(), 2u);
  EXPECT_EQ(s.aux_eps[1].value, 4.0 / 255.0);
  EXPECT_FALSE(s.shuffle);
  EXPECT_TRUE(s.common.quiet);
}

TEST_F(Config, SectionsOfOtherCommandsDoNotCount) {
  const std::string path = write("seed = 4\n[train]\nepochs = 3\n[evaluate]\nrestarts = 9\n");
  const auto s = parsed<TrainSettings>({"train", "--config", path});
  EXPECT_EQ(s.epochs, 3);
  EXPECT_EQ(s.common.seed, 4u);
}

TEST_F(Config, FileIsRefusedByNameForUnknownKeysAndSections) {
  const auto refused = [&](const std::string& text) {
    const std::string path = write(text);
    const std::string line = refusal({"train", "--config", path});
    EXPECT_TRUE(line.starts_with(path + ": ")) << line;
    return line;
  };
  EXPECT_NE(refused("epohcs = 3\n").find("\"epohcs\" of train (did you mean --epochs?)"),
            std::string::npos);
  EXPECT_NE(refused("[trains]\nepochs = 3\n").find("[trains]"), std::string::npos);
  EXPECT_NE(refused("seed = 1\nlr = 1\nseed = 2\n").find("line 3: \"seed\" is set twice"),
            std::string::npos);
  EXPECT_TRUE(
      refusal({"train", "--config", write("epochs = many\n")}).starts_with("--epochs: exp"));
  const std::string missing = (folder_ / "none.toml").string();
  EXPECT_NE(refusal({"train", "--config", missing}).find(missing), std::string::npos);
}

TEST_F(Config, AKeyThatIsSetTwiceIsNoList) {
  for (const std::string text :
       {"aux-eps = 2/255\naux-eps = 4/255\n", "aux_eps = 2/255\naux-eps = 4/255\n",
        "[train]\naux-eps = [2/255,\n  4/255]\naux-eps = 8/255\n"}) {
    const std::string line = refusal({"train", "--config", write(text)});
    EXPECT_NE(line.find("\"aux-eps\" is set twice"), std::string::npos) << line;
  }
  const std::string alias =
      refusal({"evaluate", "--from", "x", "--config", write("steps = 3\nattack-steps = 4\n")});
  EXPECT_NE(alias.find("\"attack-steps\" is set twice, once as \"steps\""), std::string::npos)
      << alias;
  const auto s = parsed<TrainSettings>(
      {"train", "--config", write("# x = [1\naux-eps = [2/255,\n  4/255]\n[train]\nlr = 1\n")});
  EXPECT_EQ(s.aux_eps.size(), 2u);
  EXPECT_EQ(s.lr, 1);
}

TEST_F(Config, DefaultsThatDependOnOthersAreSettledInOnePlace) {
  auto s = parsed<TrainSettings>({"train", "--method", "advprop", "--aux-eps", "4/255,8/255"});
  resolve(s, "cpu");
  EXPECT_EQ(s.model.masks, 3);
  EXPECT_EQ(s.model.bn_stats, BnStats::split);
  EXPECT_EQ(s.attack.eps.text, "8/255");
  EXPECT_EQ(s.common.precision, Precision::fp32);
  EXPECT_GE(s.common.threads, 1);
  EXPECT_TRUE(s.common.out.starts_with("runs/advprop-resnet18-")) << s.common.out;

  auto one = parsed<TrainSettings>({"train", "--method", "advprop", "--eps", "4/255"});
  resolve(one, "cuda:0");
  ASSERT_EQ(one.aux_eps.size(), 1u);
  EXPECT_EQ(one.aux_eps[0].text, "4/255");
  EXPECT_EQ(one.common.precision, Precision::bf16);

  auto robmask = parsed<TrainSettings>({"train", "--method", "robmask"});
  resolve(robmask, "cpu");
  EXPECT_EQ(robmask.model.masks, 2);
  EXPECT_EQ(robmask.model.bn_stats, BnStats::shared);

  auto evaluate = parsed<EvaluateSettings>({"evaluate", "--from", "x"});
  resolve(evaluate, "cuda:0");
  EXPECT_EQ(evaluate.common.precision, Precision::fp32);
}

TEST_F(Config, HalfPrecisionAndTensorFloatsNeedAGpu) {
  for (const std::string name : {"bf16", "tf32"}) {
    auto s = parsed<TrainSettings>({"train", "--precision", name});
    EXPECT_THROW(resolve(s, "cpu"), InputError) << name;
    resolve(s, "cuda:0");
    EXPECT_EQ(to_string(*s.common.precision), name);
  }
}

TEST_F(Config, OptionsThatTheMethodDoesNotUseAreAcceptedAndRecorded) {
  const auto unused = [](std::vector<std::string> flags) {
    flags.insert(flags.begin(), "train");
    auto s = parsed<TrainSettings>(flags);
    resolve(s, "cpu");
    return s.common.unused;
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(unused({"--eps=4/255", "--epochs=2"}), List{"eps"});
  EXPECT_EQ(unused({"--method=pgd", "--eps=4/255", "--masks=3"}), List{"masks"});
  EXPECT_EQ(unused({"--method=trades", "--beta=3", "--start=zero"}), List{"start"});
  EXPECT_EQ(unused({"--method=robmask", "--masks=3", "--beta=2"}), List{"beta"});
  EXPECT_EQ(unused({"--method=advprop", "--eps=4/255"}), List{});
  EXPECT_EQ(unused({"--method=advprop", "--eps=4/255", "--aux-eps=2/255"}), List{"eps"});
}

TEST_F(Config, JsonHoldsEveryOptionUnderItsName) {
  auto s = parsed<TrainSettings>({"train", "--seed", "5", "--strength", "0.25", "--beta=2"});
  resolve(s, "cpu");
  const Json json = config_json(s, "avx2");
  EXPECT_EQ(json["command"], "train");
  EXPECT_EQ(json["kernels"], "avx2");
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_EQ(json["seed"], 5);
  EXPECT_EQ(json["strength"], 0.25);
  EXPECT_EQ(json["eps"], "8/255");
  EXPECT_EQ(json["step-size"], "eps/5");
  EXPECT_EQ(json["unused"].dump(), R"(["beta","strength"])");
  EXPECT_FALSE(json["version"].get<std::string>().empty());
  const Options table = table_of(s);
  for (const Option& option : table.list()) EXPECT_TRUE(json.contains(option.name));
}

TEST_F(Config, ResumeTakesTheSettingsOfTheRun) {
  const TrainSettings first =
      start_run({"train", "--method=robmask", "--masks=3", "--strength=0.3",
                 "--lr=0.012345678901234567", "--eps=4/255", "--norm=l2", "--limit-train=100",
                 "--seed=18446744073709551615", "--step-size=1/255", "--shuffle=off",
                 "--code=nearest", "--steps=5", "--beta=2", "--max-pixels=7"});
  const TrainSettings again = resume_run({"--threads", "1"});
  EXPECT_EQ(again.common.threads, 1);
  EXPECT_FALSE(again.steps.has_value());
  EXPECT_EQ(again.lr, first.lr);
  EXPECT_EQ(again.common.seed, first.common.seed);
  Json before = config_json(first, "avx2"), after = config_json(again, "avx2");
  for (const char* changed : {"threads", "steps", "resume"})
    before.erase(changed), after.erase(changed);
  EXPECT_EQ(after, before);
}

TEST_F(Config, ResumeDoesNotAskAModelOfOneWidthForIt) {
  auto s = parsed<TrainSettings>({"train", "--model", "densenet121", "--out", out()});
  resolve(s, "cpu");
  std::filesystem::create_directories(out());
  write_json(folder_ / "run/config.json", config_json(s, "avx2"));
  auto again = parsed<TrainSettings>({"train", "--resume", "--out", out()});
  resolve(again, "cpu");
  EXPECT_EQ(again.model.model, "densenet121");
  EXPECT_EQ(again.model.width, s.model.width);
}

TEST_F(Config, ResumeRefusesAnotherSettingByName) {
  start_run({"train", "--method=pgd", "--lr=0.05"});
  EXPECT_NO_THROW(resume_run({"--lr=0.05", "--steps=9", "--quiet", "--max-pixels=9"}));
  try {
    resume_run({"--lr=0.06"});
    FAIL() << "another learning rate was accepted";
  } catch (const InputError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("--lr: the run in ")) << error.what();
  }
  EXPECT_THROW(resume_run({"--precision=fp64"}), InputError);
  EXPECT_TRUE(refusal({"finetune", "--from=x", "--resume", "--out", out()}).find("finetune run") !=
              std::string::npos);
}

TEST_F(Config, CommandsThatReadARunTakeItsDataUnlessOthersAreGiven) {
  start_run({"train", "--data=cifar10:here", "--broken-images=skip", "--max-pixels=7"});
  const auto common = [&]<class S>(S s) {
    resolve(s, "cpu");
    return common_of(s);
  };
  for (const std::string& from : {out(), out() + "/model.safetensors"})
    for (const CommonSettings& c :
         {common(parsed<EvaluateSettings>({"evaluate", "--from", from})),
          common(parsed<PredictSettings>({"predict", "--logits=x.npy", "--from", from})),
          common(parsed<FinetuneSettings>({"finetune", "--out=x", "--from", from})),
          common(parsed<InterpolateSettings>({"interpolate", "--second=x", "--first", from}))}) {
      EXPECT_EQ(c.data, "cifar10:here");
      EXPECT_EQ(c.broken_images, BrokenImages::skip);
      EXPECT_EQ(c.max_pixels, 7);
      EXPECT_EQ(c.data_origin, "the run's own, from " + out() + "/config.json");
    }
  const auto given = common(parsed<EvaluateSettings>(
      {"evaluate", "--from", out(), "--data=synthetic", "--broken-images=stop"}));
  EXPECT_EQ(given.data, "synthetic");
  EXPECT_EQ(given.broken_images, BrokenImages::stop);
  EXPECT_EQ(given.data_origin, "");
  write_json(folder_ / "run/config.json", {{"data", "x"}, {"broken-images", "eat"}});
  EXPECT_TRUE(test::mentions(test::message_of<InputError>([&] {
                               common(parsed<EvaluateSettings>({"evaluate", "--from", out()}));
                             }),
                             "run/config.json: broken-images: expected one of stop, skip"));
  const auto file = common(
      parsed<EvaluateSettings>({"evaluate", "--from", (folder_ / "model.safetensors").string()}));
  EXPECT_EQ(file.data, "synthetic");
  EXPECT_TRUE(file.data_origin.starts_with("the default")) << file.data_origin;
  EXPECT_EQ(parsed<TrainSettings>({"train"}).common.data, "synthetic");
}

TEST_F(Config, ResumedFinetuningKeepsItsDataWhateverItStartedFromSaysNow) {
  std::filesystem::create_directories(folder_ / "from");
  write_json(folder_ / "from/config.json", {{"data", "cifar10:first"}});
  auto s =
      parsed<FinetuneSettings>({"finetune", "--from", (folder_ / "from").string(), "--out", out()});
  resolve(s, "cpu");
  std::filesystem::create_directories(out());
  write_json(folder_ / "run/config.json", config_json(s, "avx2"));
  write_json(folder_ / "from/config.json", {{"data", "cifar10:second"}});
  auto again = parsed<FinetuneSettings>({"finetune", "--resume", "--out", out()});
  resolve(again, "cpu");
  EXPECT_EQ(again.train.common.data, "cifar10:first");
}

TEST_F(Config, ResumedFinetuningKnowsWhereItStartedFrom) {
  auto s = parsed<FinetuneSettings>({"finetune", "--from", "x", "--mask=1", "--out", out()});
  resolve(s, "cpu");
  std::filesystem::create_directories(out());
  write_json(folder_ / "run/config.json", config_json(s, "avx2"));
  const auto again = parsed<FinetuneSettings>({"finetune", "--resume", "--out", out()});
  EXPECT_EQ(again.from, "x");
  EXPECT_EQ(again.mask, 1.0);
}

TEST_F(Config, ResumeNamesAGarbledConfigJson) {
  start_run({"train"});
  write_file(folder_ / "run/config.json", R"({"command": "train", "lr": "fast"})");
  const std::string line = refusal({"train", "--resume", "--out", out()});
  EXPECT_NE(line.find("config.json: --lr: expected"), std::string::npos) << line;
}

}  // namespace
}  // namespace robmask
