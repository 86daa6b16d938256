// Configuration files, resolved settings, config.json and resuming.

#include <filesystem>

#include "tests/cli/command_line.h"
#include "tests/files/scratch.h"

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
  Json start_run(std::vector<std::string> flags) const {
    flags.insert(flags.end(), {"--out", out()});
    const Json started = settings_of(resolved(flags));
    std::filesystem::create_directories(out());
    write_json(folder_ / "run/config.json", started);
    return started;
  }
  Json resume_run(const std::vector<std::string>& flags,
                  const std::string& command = "train") const {
    std::vector<std::string> all{command, "--resume", "--out", out()};
    all.insert(all.end(), flags.begin(), flags.end());
    return settings_of(resolved(all));
  }

  test::ScratchFolder folder_;
};

TEST_F(Config, FileSetsTheSameNamesAndFlagsOverrideIt) {
  const std::string path = write(
      "# a run\nepochs = 3\neps = \"4/255\"\nattack_steps = 5\naux-eps = [\"2/255\", \"4/255\"]\n"
      "shuffle = false\nquiet = true\n");
  const Json s = settings({"train", "--epochs", "7", "--config", path});
  EXPECT_EQ(s["epochs"], 7);
  EXPECT_EQ(s["eps"], "4/255");
  EXPECT_EQ(s["attack-steps"], 5);
  EXPECT_EQ(s["aux-eps"], (Json{"2/255", "4/255"}));
  EXPECT_EQ(s["shuffle"], false);
  EXPECT_EQ(s["quiet"], true);
}

TEST_F(Config, SectionsOfOtherCommandsDoNotCount) {
  const std::string path = write("seed = 4\n[train]\nepochs = 3\n[evaluate]\nrestarts = 9\n");
  const Json s = settings({"train", "--config", path});
  EXPECT_EQ(s["epochs"], 3);
  EXPECT_EQ(s["seed"], 4);
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
  const Json s = settings(
      {"train", "--config", write("# x = [1\naux-eps = [2/255,\n  4/255]\n[train]\nlr = 1\n")});
  EXPECT_EQ(s["aux-eps"].size(), 2u);
  EXPECT_EQ(s["lr"], 1);
}

TEST_F(Config, DefaultsThatDependOnOthersAreSettledInOnePlace) {
  const auto settled = [](const std::vector<std::string>& flags, const std::string& machine) {
    return settings_of(resolved(flags, machine));
  };
  const Json s = settled({"train", "--method", "advprop", "--aux-eps", "4/255,8/255"}, "cpu");
  EXPECT_EQ(s["masks"], 3);
  EXPECT_EQ(s["bn-stats"], "split");
  EXPECT_EQ(s["eps"], "8/255");
  EXPECT_EQ(s["precision"], "fp32");
  EXPECT_GE(s["threads"], 1);
  EXPECT_TRUE(s["out"].get<std::string>().starts_with("runs/advprop-resnet18-")) << s["out"];

  const Json one = settled({"train", "--method", "advprop", "--eps", "4/255"}, "cuda:0");
  EXPECT_EQ(one["aux-eps"], Json{"4/255"});
  EXPECT_EQ(one["precision"], "bf16");

  const Json robmask = settled({"train", "--method", "robmask"}, "cpu");
  EXPECT_EQ(robmask["masks"], 2);
  EXPECT_EQ(robmask["bn-stats"], "shared");

  EXPECT_EQ(settled({"evaluate", "--from", "x"}, "cuda:0")["precision"], "fp32");
}

TEST_F(Config, HalfPrecisionAndTensorFloatsNeedAGpu) {
  for (const std::string name : {"bf16", "tf32"}) {
    EXPECT_THROW(resolved({"train", "--precision", name}), InputError) << name;
    EXPECT_EQ(settings_of(resolved({"train", "--precision", name}, "cuda:0"))["precision"], name);
  }
}

TEST_F(Config, OptionsThatTheMethodDoesNotUseAreAcceptedAndRecorded) {
  const auto unused = [](std::vector<std::string> flags) {
    flags.insert(flags.begin(), "train");
    return resolved(flags).command->common().unused;
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
  const CommandLine line = resolved({"train", "--seed", "5", "--strength", "0.25", "--beta=2"});
  const Json json = settings_of(line);
  EXPECT_EQ(json["command"], "train");
  EXPECT_EQ(json["kernels"], "avx2");
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_EQ(json["seed"], 5);
  EXPECT_EQ(json["strength"], 0.25);
  EXPECT_EQ(json["eps"], "8/255");
  EXPECT_EQ(json["step-size"], "eps/5");
  EXPECT_EQ(json["unused"].dump(), R"(["beta","strength"])");
  EXPECT_FALSE(json["version"].get<std::string>().empty());
  for (const Option& option : line.options.list()) EXPECT_TRUE(json.contains(option.name));
}

TEST_F(Config, ResumeTakesTheSettingsOfTheRun) {
  Json before =
      start_run({"train", "--method=robmask", "--masks=3", "--strength=0.3",
                 "--lr=0.012345678901234567", "--eps=4/255", "--norm=l2", "--limit-train=100",
                 "--seed=18446744073709551615", "--step-size=1/255", "--shuffle=off",
                 "--code=nearest", "--steps=5", "--beta=2", "--max-pixels=7"});
  Json after = resume_run({"--threads", "1"});
  EXPECT_EQ(after["threads"], 1);
  EXPECT_TRUE(after["steps"].is_null());
  for (const char* changed : {"threads", "steps", "resume"})
    before.erase(changed), after.erase(changed);
  EXPECT_EQ(after, before);
}

TEST_F(Config, ResumeDoesNotAskAModelOfOneWidthForIt) {
  const Json before = start_run({"train", "--model", "densenet121"}), after = resume_run({});
  EXPECT_EQ(after["model"], "densenet121");
  EXPECT_EQ(after["width"], before["width"]);
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
  const auto common = [](const std::vector<std::string>& words) {
    return resolved(words).command->common();
  };
  for (const std::string& from : {out(), out() + "/model.safetensors"})
    for (const CommonSettings& c : {common({"evaluate", "--from", from}),
                                    common({"predict", "--logits=x.npy", "--from", from}),
                                    common({"finetune", "--out=x", "--from", from}),
                                    common({"interpolate", "--second=x", "--first", from})}) {
      EXPECT_EQ(c.data, "cifar10:here");
      EXPECT_EQ(c.broken_images, BrokenImages::skip);
      EXPECT_EQ(c.max_pixels, 7);
      EXPECT_EQ(c.data_origin, "the run's own, from " + out() + "/config.json");
    }
  const auto given =
      common({"evaluate", "--from", out(), "--data=synthetic", "--broken-images=stop"});
  EXPECT_EQ(given.data, "synthetic");
  EXPECT_EQ(given.broken_images, BrokenImages::stop);
  EXPECT_EQ(given.data_origin, "");
  write_json(folder_ / "run/config.json", {{"data", "x"}, {"broken-images", "eat"}});
  EXPECT_TRUE(test::mentions(test::message_of<InputError>([&] {
                               common({"evaluate", "--from", out()});
                             }),
                             "run/config.json: broken-images: expected one of stop, skip"));
  const auto file = common({"evaluate", "--from", (folder_ / "model.safetensors").string()});
  EXPECT_EQ(file.data, "synthetic");
  EXPECT_TRUE(file.data_origin.starts_with("the default")) << file.data_origin;
  EXPECT_EQ(settings({"train"})["data"], "synthetic");
}

TEST_F(Config, ResumedFinetuningKeepsItsDataWhateverItStartedFromSaysNow) {
  std::filesystem::create_directories(folder_ / "from");
  write_json(folder_ / "from/config.json", {{"data", "cifar10:first"}});
  start_run({"finetune", "--from", (folder_ / "from").string()});
  write_json(folder_ / "from/config.json", {{"data", "cifar10:second"}});
  EXPECT_EQ(resume_run({}, "finetune")["data"], "cifar10:first");
}

TEST_F(Config, ResumedFinetuningKnowsWhereItStartedFrom) {
  start_run({"finetune", "--from", "x", "--mask=1"});
  const Json again = settings({"finetune", "--resume", "--out", out()});
  EXPECT_EQ(again["from"], "x");
  EXPECT_EQ(again["mask"], 1.0);
}

TEST_F(Config, ResumeNamesAGarbledConfigJson) {
  start_run({"train"});
  write_file(folder_ / "run/config.json", R"({"command": "train", "lr": "fast"})");
  const std::string line = refusal({"train", "--resume", "--out", out()});
  EXPECT_NE(line.find("config.json: --lr: expected"), std::string::npos) << line;
}

}  // namespace
}  // namespace robmask
