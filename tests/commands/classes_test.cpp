// A model and its images agree on classes and on the size of images, whatever lies beside them.

#include "data/files/json.h"
#include "tests/commands/binary.h"
#include "tests/data/pictures.h"

namespace robmask {
namespace {

class Classes : public Binary {
 protected:
  /// Plain images of a colour in `folder`/test or train/<name>/.
  void put(const std::string& place, std::vector<std::uint8_t> colour, Index count = 6,
           Index side = 32) const {
    std::filesystem::create_directories(folder_ / place);
    for (Index i = 0; i < count; ++i) {
      colour[2] = static_cast<std::uint8_t>(i);
      test::put_png(folder_ / place / fmt::format("{}.png", i), test::plain(side, side, colour));
    }
  }
  /// Trains on dark, green and red folders until they are told apart.
  void train() const {
    put("data/train/dark", {0, 0, 0});
    put("data/train/green", {0, 255, 0});
    put("data/train/red", {255, 0, 0});
    put("data/test/dark", {0, 0, 0});
    const Result result =
        run("train --width 4 --epochs 30 --batch 6 --lr 0.02 --augment none --quiet --data " +
            data("data") + " --out " + quoted(folder_ / "run"));
    ASSERT_EQ(result.code, 0) << result.errors;
  }
  std::string data(const std::string& name) const {
    return quoted("folder:" + (folder_ / name).string());
  }
  std::string evaluate(const std::string& name, const std::string& options = "") const {
    return "evaluate --attack clean --quiet --json --from " + quoted(folder_ / "run") + " --data " +
           data(name) + " --out " + quoted(folder_ / "out") + " " + options;
  }
};

TEST_F(Classes, AreFoundByNameWhereATestFolderLacksOne) {
  train();
  put("fewer/test/green", {0, 255, 0});
  put("fewer/test/red", {255, 0, 0});
  const Result result = run(evaluate("fewer"));
  ASSERT_EQ(result.code, 0) << result.errors;
  const Json report = parse_json(result.output, "evaluate");
  const Json& own = report["results"][0];
  EXPECT_EQ(own["clean_accuracy"], 1.0);
  ASSERT_EQ(own["per_class"].size(), 2u);
  EXPECT_EQ(own["per_class"][0]["class"], 1);
  EXPECT_EQ(own["per_class"][0]["name"], "green");
  EXPECT_EQ(own["per_class"][1]["name"], "red");
  EXPECT_NE(result.errors.find("2 of the model's 3 classes"), std::string::npos) << result.errors;
  EXPECT_NE(report["warnings"].dump().find("2 of the model's 3 classes"), std::string::npos);

  put("other/test/green", {0, 255, 0});
  put("other/test/rot", {255, 0, 0});
  expect_refused(evaluate("other"), "'rot'");
  EXPECT_EQ(run(evaluate("other", "--match-classes position")).code, 0);

  const Result info = run("info --json --from " + quoted(folder_ / "run"));
  const Json said = parse_json(info.output, "info");
  EXPECT_EQ(said["class_names"], Json({"dark", "green", "red"}));
  EXPECT_EQ(said["image_size"], 32);
}

TEST_F(Classes, MayHaveNamesOfAnyBytes) {
  for (const char* name : {"caf\xe9", "two\nlines", "na\xc3\xafve"}) {
    put(std::string("data/train/") + name, {0, 0, 0}, 1);
    put(std::string("data/test/") + name, {0, 0, 0}, 1);
  }
  const Result trained = run("train --width 4 --epochs 1 --quiet --data " + data("data") +
                             " --out " + quoted(folder_ / "run"));
  ASSERT_EQ(trained.code, 0) << trained.errors;
  const Result result = run(evaluate("data", "--checks off"));
  ASSERT_EQ(result.code, 0) << result.errors;
  const Json classes = parse_json(result.output, "evaluate")["results"][0]["per_class"];
  EXPECT_EQ(classes[0]["name"], "caf\\xe9");
  EXPECT_EQ(classes[1]["name"], "na\u00efve");
  EXPECT_EQ(classes[2]["name"], "two\\x0alines");
}

TEST_F(Classes, OfImageNetAreIdsInFilesAndWordsForPeople) {
  put("data/train/n01440764", {0, 0, 0}, 2);
  put("data/train/n02123045", {255, 0, 0}, 2);
  put("data/test/n02123045", {255, 0, 0}, 1);
  ASSERT_EQ(run("train --width 4 --epochs 1 --quiet --data " + data("data") + " --out " +
                quoted(folder_ / "run"))
                .code,
            0);
  const Result result =
      run(evaluate("data", "--checks off --per-image " + quoted(folder_ / "images.csv")));
  ASSERT_EQ(result.code, 0) << result.errors;
  const Json report = parse_json(result.output, "evaluate");
  EXPECT_EQ(report["results"][0]["per_class"][0]["name"], "n02123045");
  const std::string images = text_of(folder_ / "images.csv");
  EXPECT_NE(images.find(",tabby,"), std::string::npos) << images;
  EXPECT_EQ(images.find(",n02123045,"), std::string::npos) << images;

  const std::string from = "--from " + quoted(folder_ / "run");
  const Json said = parse_json(run("info --json " + from).output, "info");
  EXPECT_EQ(said["class_names"], Json({"n01440764", "n02123045"}));
  EXPECT_EQ(said["class_titles"], Json({"tench", "tabby"}));
  EXPECT_NE(run("info " + from).output.find("2 classes ('tench', 'tabby')"), std::string::npos);
}

TEST_F(Classes, OfWeightsWithoutNamesAreAsManyAsTheFolders) {
  put("data/test/green", {0, 255, 0});
  put("data/test/red", {255, 0, 0});
  const std::string from = " --attack clean --quiet --data " + data("data") + " --out " +
                           quoted(folder_ / "out") + " --from ";
  expect_refused("evaluate" + from + quoted(model_file("three", 3)),
                 "2 class folders, the model has 3 classes");
  EXPECT_EQ(run("evaluate" + from + quoted(model_file("two", 2))).code, 0);
}

TEST_F(Classes, OfAModelSeeImagesOfItsSizeWhateverLiesBesideThem) {
  train();
  put("odd/test/green", {0, 255, 0});
  put("odd/test/red", {255, 0, 0}, 1, 33);
  const Result result = run(evaluate("odd"));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("resized to 32x32: 1 of 33x33 (the first "), std::string::npos)
      << result.errors;
  put("odd/train/green", {0, 255, 0});
  expect_refused("info --data " + data("odd"), "--image-size 32");
}

TEST_F(Classes, ThatAnUnluckyLimitLeavesOutAreWarnedOf) {
  train();
  const std::string limited = evaluate("data", "--checks off --split train --limit-train 6");
  const Result first = run(limited), balanced = run(limited + " --sample balanced");
  EXPECT_NE(first.errors.find("1 of the 3 classes (dark 6)"), std::string::npos) << first.errors;
  EXPECT_EQ(balanced.errors, "");
  EXPECT_EQ(parse_json(balanced.output, "evaluate")["results"][0]["per_class"].size(), 3u);
}

}  // namespace
}  // namespace robmask
