// predict: what pictures show, by the names of the classes.

#include <cstring>
#include <map>

#include "data/files/json.h"
#include "tests/commands/binary.h"
#include "tests/data/pictures.h"

namespace robmask {
namespace {

class PredictPictures : public Binary {
 protected:
  void SetUp() override {
    Binary::SetUp();
    if (IsSkipped()) return;
    test::put_png(folder_ / "wide, 1.png", test::graded(40, 80));
    std::filesystem::create_directories(folder_ / "photos");
    test::put_png(folder_ / "photos" / "b.png", test::graded(32, 32));
    test::put_png(folder_ / "photos" / "a.png", test::plain(20, 20, {250, 10, 10}));
  }

  /// Fresh weights with two masks, and statistics apart: mask 1 does not do as mask 0.
  Path named_model() const {
    const Path path = folder_ / "named.safetensors";
    CheckpointInfo info{.spec = {.width = 4, .classes = 3, .masks = 2},
                        .method = "robmask",
                        .class_names = {"cat", "dog, wild", "fox"},
                        .image_size = 32};
    const Model model(backend("cpu"), DType::f32, info.spec, 0);
    for (const Entry& e : model.entries())
      if (e.role == Role::mask_bias)
        e.variable.value().machine().fill(e.variable.value().images(1, 1), 0.5);
    save_model(path, model, info);
    return path;
  }

  Json json_of(const std::string& arguments) const {
    const Result result = run(arguments + " --json");
    EXPECT_EQ(result.code, 0) << result.errors;
    return parse_json(result.output, "output");
  }
};

TEST_F(PredictPictures, TheLikeliestClassesOfFilesAndFoldersComeByName) {
  const Json json =
      json_of(fmt::format("predict --from {} {} {} --mask 0,1 --top 2", quoted(named_model()),
                          quoted(folder_ / "wide, 1.png"), quoted(folder_ / "photos")));
  ASSERT_EQ(json["pictures"].size(), 3u);
  const Json& first = json["pictures"][0];
  EXPECT_EQ(first["file"], (folder_ / "wide, 1.png").string());
  EXPECT_EQ(first["width"], 80);
  EXPECT_EQ(first["height"], 40);
  EXPECT_EQ(json["pictures"][1]["file"], (folder_ / "photos" / "a.png").string());
  ASSERT_EQ(first["predictions"].size(), 2u);
  EXPECT_EQ(first["predictions"][1]["mask"], 1.0);
  EXPECT_NE(first["predictions"][0]["classes"], first["predictions"][1]["classes"]);
  const Json& classes = first["predictions"][0]["classes"];
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_GE(classes[0]["probability"], classes[1]["probability"]);
  const std::vector<std::string> names{"cat", "dog, wild", "fox"};
  for (const Json& c : classes) EXPECT_EQ(c["name"], names.at(c["class"].get<std::size_t>()));
}

TEST_F(PredictPictures, TheLogitsAreThoseOfTheSamePicturesAsADataSet) {
  std::filesystem::create_directories(folder_ / "set" / "test" / "cat");
  std::filesystem::copy(folder_ / "photos" / "b.png", folder_ / "set" / "test" / "cat");
  const std::string from = "predict --from " + quoted(named_model());
  const Result data = run(fmt::format("{} --data {} --logits {}", from,
                                      quoted("folder:" + (folder_ / "set").string()),
                                      quoted(folder_ / "logits.npy")));
  ASSERT_EQ(data.code, 0) << data.errors;
  const std::vector<float> logits = [&] {
    const std::string bytes = text_of(folder_ / "logits.npy");
    std::vector<float> values(3);
    std::memcpy(values.data(), bytes.data() + bytes.size() - 12, 12);
    return values;
  }();
  const Json json = json_of(from + " " + quoted(folder_ / "photos" / "b.png"));
  for (const Json& c : json["pictures"][0]["predictions"][0]["classes"])
    EXPECT_EQ(c["logit"].get<float>(), logits.at(c["class"].get<std::size_t>()));
}

TEST_F(PredictPictures, NamesMayComeFromStandardInput) {
  std::ofstream(folder_ / "list") << (folder_ / "photos" / "b.png").string() << "\n\n"
                                  << (folder_ / "wide, 1.png").string() << "\n";
  const Json json = json_of(
      fmt::format("predict --from {} - <{}", quoted(named_model()), quoted(folder_ / "list")));
  ASSERT_EQ(json["pictures"].size(), 2u);
  EXPECT_EQ(json["pictures"][1]["file"], (folder_ / "wide, 1.png").string());
}

TEST_F(PredictPictures, TablesSayEachThingOnceAndCsvSaysAllInEveryRow) {
  const std::string command = fmt::format("predict --from {} {} --mask 0,0.5 --top 2",
                                          quoted(named_model()), quoted(folder_ / "photos"));
  const Result text = run(command);
  EXPECT_EQ(std::ranges::count(text.output, '\n'), 1 + 2 * 2 * 2) << text.output;
  EXPECT_NE(text.output.find(" %\n"), std::string::npos) << text.output;
  const Result csv = run(command + " --format csv");
  EXPECT_TRUE(csv.output.starts_with("file,width,height,mask,class,name,probability\n"))
      << csv.output;
  EXPECT_EQ(std::ranges::count(csv.output, '\n'), 1 + 2 * 2 * 2);
  EXPECT_NE(csv.output.find("\"dog, wild\""), std::string::npos) << csv.output;
}

TEST_F(PredictPictures, BrokenOnesStopItOrAreSkipped) {
  std::ofstream(folder_ / "photos" / "c.png") << "GIF89a";
  const std::string command = fmt::format("predict --quiet --from {} {}", quoted(named_model()),
                                          quoted(folder_ / "photos"));
  expect_refused(command, "c.png: expected a JPEG, PNG, BMP or PNM image, got a GIF");
  const Result result = run(command + " --broken-images skip");
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("skipped"), std::string::npos) << result.errors;
}

TEST_F(PredictPictures, WhatCannotBeNamedIsRefusedInOneLine) {
  const std::string from = "predict --quiet --from ";
  expect_refused(from + quoted(named_model()) + " nothing.png", "nothing.png: expected a picture");
  expect_refused(from + quoted(model_file()) + " " + quoted(folder_ / "wide, 1.png"),
                 "--image-size");
  expect_refused(from + quoted(named_model()), "--logits");
  expect_refused(from + quoted(named_model()) + " --mask 0,1 --logits x.npy", "--mask");
  expect_refused(
      from + quoted(model_file()) + " --image-size 32 --mask 1 " + quoted(folder_ / "wide, 1.png"),
      "the model has one mask only");
}

class Packed : public PredictPictures {
 protected:
  void SetUp() override {
    PredictPictures::SetUp();
    if (IsSkipped()) return;
    const Result packed = pack("");
    if (packed.code == 77) GTEST_SKIP() << packed.errors;
    ASSERT_EQ(packed.code, 0) << packed.errors;
  }

  Result pack(const std::string& options) const {
    return run(fmt::format("pack --from {} --out {} {}", quoted(named_model()), quoted(program_),
                           options));
  }
  Result classify(const std::string& arguments) const { return run_program(program_, arguments); }

  void expect_refusal(const std::string& words) const {
    const Result result = classify(quoted(picture_));
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_NE(result.errors.find(words), std::string::npos) << result.errors;
    EXPECT_EQ(std::ranges::count(result.errors, '\n'), 1) << result.errors;
  }

  const Path program_ = folder_ / "classify", picture_ = folder_ / "photos" / "b.png";
};

TEST_F(Packed, AProgramPrintsWhatPredictPrints) {
  const std::string words = quoted(folder_ / "photos") + " --mask 0,0.5 --json";
  const Result here = classify(words);
  EXPECT_EQ(here.code, 0) << here.errors;
  EXPECT_EQ(here.output, run("predict --from " + quoted(named_model()) + " " + words).output);
}

TEST_F(Packed, AProgramTakesAListFromStandardInput) {
  std::ofstream(folder_ / "list") << picture_.string() << "\n";
  const Result result = classify("--top 1 <" + quoted(folder_ / "list"));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.output.find("b.png"), std::string::npos) << result.output;
}

TEST_F(Packed, HalvedWeightsAreSmallerAndNearlyTheSame) {
  const auto bytes = std::filesystem::file_size(program_);
  const Json whole = parse_json(classify(quoted(picture_) + " --json").output, "output");
  const Result halved = pack("--weights bf16");
  ASSERT_EQ(halved.code, 0) << halved.errors;
  // 44 thousand weights of two bytes less
  EXPECT_LT(std::filesystem::file_size(program_) + 80'000, bytes);
  const Json half = parse_json(classify(quoted(picture_) + " --json").output, "output");
  std::map<int, double> logits;
  const auto classes = [](const Json& json) {
    return json["pictures"][0]["predictions"][0]["classes"];
  };
  for (const Json& c : classes(whole)) logits[c["class"].get<int>()] = c["logit"].get<double>();
  for (const Json& c : classes(half))
    EXPECT_NEAR(c["logit"].get<double>(), logits.at(c["class"].get<int>()), 0.02);
  EXPECT_NE(classes(half), classes(whole));
}

TEST_F(Packed, AProgramThatIsDamagedOrCutSaysSo) {
  const std::string whole = text_of(program_);
  const auto write = [&](std::string bytes) { std::ofstream(program_, std::ios::trunc) << bytes; };
  std::string damaged = whole;
  damaged[whole.size() - 1000] ^= 1;
  write(damaged);
  expect_refusal("its checksum is wrong");
  write(whole.substr(0, whole.size() - 1000));
  expect_refusal("expected weights behind the program, found none");
  write(whole);
  EXPECT_EQ(classify(quoted(picture_)).code, 0);
}

TEST_F(Packed, ItsHelpAndErrorsAreThoseOfRobmask) {
  const Result help = classify("--help");
  EXPECT_EQ(help.code, 0);
  for (const char* option : {"--mask", "--top", "--json", "--format"})
    EXPECT_NE(help.output.find(option), std::string::npos) << help.output;
  EXPECT_EQ(classify("--version").output, run("--version").output);
  EXPECT_EQ(classify("--msk 0 x.png").code, 2);
  EXPECT_EQ(classify("nothing.png").code, 2);
  EXPECT_EQ(classify(quoted(picture_) + " --mask 2").code, 2);
}

TEST_F(Packed, WhereItCannotBeWrittenNothingIs) {
  expect_refused(fmt::format("pack --from {} --out {}", quoted(named_model()),
                             quoted(folder_ / "nowhere" / "classify")),
                 "--out");
}

}  // namespace
}  // namespace robmask
