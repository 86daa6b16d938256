// What the command line accepts, and how it refuses the rest.

#include "tests/cli/command_line.h"
#include "training/settings.h"

namespace robmask {
namespace {

TEST(Options, HaveTheDefaultsOfTheContract) {
  const Json s = settings({"train"});
  EXPECT_EQ(s["epochs"], 20);
  EXPECT_EQ(s["batch"], 128);
  EXPECT_EQ(s["lr"], 0.1);
  EXPECT_EQ(s["momentum"], 0.9);
  EXPECT_EQ(s["weight-decay"], 5e-4);
  EXPECT_EQ(s["eps"], "8/255");
  EXPECT_EQ(s["attack-steps"], 7);
  EXPECT_EQ(s["step-size"], "eps/5");
  EXPECT_EQ(s["beta"], 6);
  EXPECT_EQ(s["start"], "random");
  const Json e = settings({"evaluate", "--from", "x"});
  EXPECT_EQ(e["attack-steps"], 100);
  EXPECT_EQ(e["attack"], Json{"pgd"});
  EXPECT_EQ(e["mask"], Json{0.0});
  EXPECT_EQ(TrainSettings{}.eps.value, 8.0 / 255.0);
  EXPECT_EQ(AttackSettings{}.alpha(0.5), 0.1);
}

TEST(Options, ReadFractionsInDoubleAndKeepTheirSpelling) {
  std::vector<Strength> eps;
  ASSERT_TRUE(Value<std::vector<Strength>>::read("0,8/255, 0.031", eps));
  ASSERT_EQ(eps.size(), 3u);
  EXPECT_EQ(eps[1].value, 8.0 / 255.0);
  EXPECT_EQ(eps[1].text, "8/255");
  EXPECT_EQ(eps[2].value, 0.031);
  EXPECT_EQ(eps[2].text, "0.031");
}

TEST(Options, TakeUnderscoresForDashesInNamesOnly) {
  const Json s = settings(
      {"train", "--attack_steps=3", "--weight_decay", "0", "--init", "my_file", "--out=a_b"});
  EXPECT_EQ(s["attack-steps"], 3);
  EXPECT_EQ(s["weight-decay"], 0);
  EXPECT_EQ(s["init"], "my_file");
  EXPECT_EQ(s["out"], "a_b");
}

TEST(Options, LetTheLastOfTwoWin) {
  EXPECT_EQ(settings({"train", "--epochs", "3", "--epochs", "5"})["epochs"], 5);
}

TEST(Options, CallAttackStepsAlsoStepsInEvaluate) {
  EXPECT_EQ(settings({"evaluate", "--from", "x", "--steps", "20"})["attack-steps"], 20);
}

TEST(Options, ReadEveryWordOfEveryChoice) {
  for (const auto& entry : names(AttackName{})) {
    const std::string word(entry.name);
    EXPECT_EQ(settings({"evaluate", "--from", "x", "--attack", word})["attack"], Json{word});
    EXPECT_EQ(from_string<AttackName>(word), entry.value);
  }
  for (const auto& entry : names(Method{})) {
    const std::string word(entry.name);
    EXPECT_EQ(settings({"train", "--method", word})["method"], word);
    EXPECT_EQ(from_string<Method>(word), entry.value);
  }
  for (const auto& entry : names(AttackBn{})) {
    const std::string word(entry.name);
    EXPECT_EQ(settings({"train", "--attack-bn", word})["attack-bn"], word);
    EXPECT_EQ(from_string<AttackBn>(word), entry.value);
  }
}

TEST(Options, ReadStrengthsMasksAndTensorsToTune) {
  EXPECT_EQ(settings({"train", "--strength", "0.5"})["strength"], 0.5);
  EXPECT_EQ(settings({"train", "--strength", "per-image"})["strength"], "per-image");
  EXPECT_EQ(settings({"evaluate", "--from", "x", "--mask", "match"})["mask"], "match");
  EXPECT_EQ(settings({"evaluate", "--from", "x", "--mask", "0,0.5,1"})["mask"],
            (Json{0.0, 0.5, 1.0}));
  EXPECT_EQ(settings({"finetune", "--from", "x", "--tune", "stats"})["tune"], Json{"stats"});
  EXPECT_EQ(settings({"train", "--aux-eps", "random"})["aux-eps"], "random");
}

TEST(Options, RefuseWrongValuesInOneLineThatSaysWhatWasExpectedAndWhatCame) {
  EXPECT_EQ(refusal({"train", "--eps", "-1"}),
            "--eps: expected a number or a fraction such as 8/255, at least 0, got \"-1\"");
  EXPECT_EQ(refusal({"train", "--epochs", "0"}),
            "--epochs: expected a whole number, from 1 to 1000000000, got \"0\"");
  EXPECT_EQ(refusal({"train", "--method", "madry"}),
            "--method: expected one of standard, pgd, trades, advprop, robmask, got \"madry\"");
  EXPECT_EQ(refusal({"train", "--eps"}), "--eps: expected a value, got none");
}

TEST(Options, RefuseNumbersThatAreNone) {
  for (const std::string eps : {"nan", "inf", "1e999", "8/0", "8/-255", "8/", "/255", "8/255/2", "",
                                "0x1p-3", "8,255", "-8/255"})
    EXPECT_TRUE(refusal({"train", "--eps=" + eps}).starts_with("--eps: expected")) << eps;
  for (const std::string epochs : {"1.5", "ten", "99999999999999999999", "-1", "1e3"})
    EXPECT_TRUE(refusal({"train", "--epochs", epochs}).starts_with("--epochs: expected")) << epochs;
  for (const std::string p : {"-0.1", "1.1", "nan", "0,2", "match,0"})
    EXPECT_TRUE(refusal({"evaluate", "--from=x", "--mask=" + p}).starts_with("--mask: expected"))
        << p;
  for (const std::string seed : {"-1", "18446744073709551616"})
    EXPECT_TRUE(refusal({"train", "--seed", seed}).starts_with("--seed: expected")) << seed;
}

TEST(Options, RefuseValuesOutOfRange) {
  for (const std::vector<std::string>& flag :
       std::vector<std::vector<std::string>>{{"--batch", "0"},
                                             {"--masks", "0"},
                                             {"--lr", "-1"},
                                             {"--strength", "1.5"},
                                             {"--threads", "0"},
                                             {"--attack-steps", "-1"},
                                             {"--aux-eps", "4/255,-1"}})
    EXPECT_TRUE(refusal({"train", flag[0], flag[1]}).starts_with(flag[0] + ": expected"))
        << flag[0];
}

TEST(Options, RefuseWhatDoesNotGoTogether) {
  EXPECT_TRUE(refusal({"train", "--eps", "2"}).starts_with("--eps: expected at most 1"));
  EXPECT_EQ(refusal({"train", "--eps", "2", "--norm", "l2"}), "");
  EXPECT_TRUE(refusal({"evaluate", "--from=x", "--eps=0,300/255"}).starts_with("--eps:"));
  EXPECT_TRUE(
      refusal({"train", "--aux-eps", "8/255,4/255"}).starts_with("--aux-eps: expected an asc"));
  for (const std::string model : {"densenet121", "resnext29", "resnet18-imagenet"})
    EXPECT_TRUE(refusal({"train", "--model", model, "--width", "16"}).starts_with("--width:"));
  EXPECT_EQ(refusal({"train", "--model", "preact18", "--width", "16"}), "");
  EXPECT_TRUE(refusal({"train", "--model", "vgg"}).starts_with("--model: expected one of"));
  const std::vector<std::string> adv{"train", "--robmask-loss=adv", "--bn-stats=split"};
  EXPECT_EQ(refusal(adv), "");
  EXPECT_TRUE(refusal({adv[0], adv[1], adv[2], "--method=robmask"}).starts_with("--robmask-loss:"));
  EXPECT_TRUE(
      refusal({"finetune", "--from=x", "--method=robmask"}).starts_with("--method: expected"));
  const std::vector<std::string> frozen{"finetune", "--from=x", "--attack-bn=train",
                                        "--tune=gamma,beta"};
  EXPECT_EQ(refusal(frozen), "");  // standard finetuning does not attack
  EXPECT_TRUE(refusal({frozen[0], frozen[1], frozen[2], frozen[3], "--method=pgd"})
                  .starts_with("--attack-bn:"));
  EXPECT_TRUE(refusal({"train", "--steps=0"}).starts_with("--steps:"));
  EXPECT_TRUE(refusal({"train", "--resume"}).starts_with("--resume: expected --out"));
  EXPECT_TRUE(refusal({"train", "--device", "gpu"}).starts_with("--device: expected"));
}

TEST(Options, OfEvaluationsHaveDefaultsAndLimits) {
  const Json s = settings({"evaluate", "--from", "x"});
  EXPECT_EQ(s["checks"], true);
  for (const char* off : {"reuse-broken", "per-class"}) EXPECT_EQ(s[off], false);
  for (const char* none : {"quantize", "against-mask"}) EXPECT_TRUE(s[none].is_null());
  EXPECT_EQ(settings({"evaluate", "--from=x", "--quantize=8"})["quantize"], 8);
  EXPECT_EQ(settings({"evaluate", "--from=x", "--checks=off"})["checks"], false);
  EXPECT_TRUE(refusal({"evaluate", "--from=x", "--quantize=7"}).starts_with("--quantize:"));
  EXPECT_TRUE(refusal({"evaluate", "--from=x", "--against-mask=1"})
                  .starts_with("--against-mask: expected a mask of --mask 0,"));
  EXPECT_EQ(refusal({"evaluate", "--from=x", "--mask=0,1", "--against-mask=1"}), "");
}

TEST(Options, OfPrintingDoNotContradictEachOther) {
  EXPECT_EQ(settings({"evaluate", "--from=x", "--format=csv"})["format"], "csv");
  EXPECT_TRUE(refusal({"evaluate", "--from=x", "--format=csv", "--json"})
                  .starts_with("--format csv: expected no --json"));
  EXPECT_EQ(refusal({"evaluate", "--from=x", "--format=text", "--json"}), "");
}

TEST(Options, NameAnUnknownFlagAndTheNearestOneThereIs) {
  EXPECT_EQ(refusal({"train", "--epoch", "3"}),
            "train: unknown option --epoch (did you mean --epochs?)");
  EXPECT_EQ(refusal({"train", "--zzzzzzzz=3"}), "train: unknown option --zzzzzzzz");
  EXPECT_EQ(refusal({"train", "stray"}), "train: unexpected argument \"stray\"");
  EXPECT_TRUE(refusal({}).starts_with("expected a command"));
}

TEST(Options, SuggestTheNearestCommandAndTheNearestWordOfAChoice) {
  const std::pair<std::vector<std::string>, std::string> mistakes[] = {
      {{"trian"}, "got \"trian\" (did you mean train?)"},
      {{"evaluate", "--from=x", "--attack=pgd,apgdt"}, " (did you mean apgd-t?)"},
      {{"train", "--model=resnet81"}, "got \"resnet81\" (did you mean resnet18?)"},
      {{"train", "--method=robmaks"}, " (did you mean robmask?)"}};
  for (const auto& [words, end] : mistakes)
    EXPECT_NE(refusal(words).find(end), std::string::npos) << refusal(words);
  for (const std::string command : {"x", "ab", "frobnicate"})
    EXPECT_EQ(refusal({command}).find("did you mean"), std::string::npos) << refusal({command});
}

TEST(Options, NameTheOptionThatACommandNeeds) {
  EXPECT_TRUE(refusal({"evaluate"}).starts_with("--from: evaluate needs it"));
  EXPECT_TRUE(refusal({"export", "--from", "x"}).starts_with("--out: expected"));
  EXPECT_TRUE(refusal({"interpolate", "--first", "x"}).starts_with("--second: interpolate needs"));
  EXPECT_EQ(settings({"info", "x.safetensors", "--json"})["from"], "x.safetensors");
}

TEST(Options, HelpPrintsDefaultsAndChoices) {
  const std::string help = parse({"train", "--help"}).text;
  for (const char* part : {"--eps ", "[8/255]", "hat, nearest [hat]", "[eps/5]", "[0.0005]",
                           "standard, pgd, trades, advprop, robmask [standard]", "--config"})
    EXPECT_NE(help.find(part), std::string::npos) << part;
  const std::string overview = parse({"--help"}).text;
  for (const char* command : {"train", "finetune", "evaluate", "predict", "interpolate", "export",
                              "info", "bench", "reproduce"}) {
    EXPECT_NE(overview.find(fmt::format("robmask {} ", command)), std::string::npos);
    EXPECT_NE(parse({command, "--help"}).text.find("--threads"), std::string::npos);
  }
}

}  // namespace
}  // namespace robmask
