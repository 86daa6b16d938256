// The options of robmask evaluate that change what an attack hands out, or to which strength.

#include <algorithm>
#include <cmath>

#include "data/files/csv.h"
#include "data/files/npy.h"
#include "tests/commands/evaluation.h"

namespace robmask {
namespace {

TEST_F(Evaluate, ReusingWhatASmallerStrengthBrokeOnlyLowersAccuracy) {
  const std::string options = "--mask 1 --eps 8/255,2/255,4/255 --attack-steps 3 --checks off";
  const Json plain = evaluate(options), reused = evaluate(options + " --reuse-broken");
  double last = 1;
  for (const Json& r : reused["results"]) {
    EXPECT_LE(r["robust_accuracy"], last);
    last = r["robust_accuracy"];
    for (const Json& other : plain["results"])
      EXPECT_TRUE(other["eps"] != r["eps"] || r["robust_accuracy"] <= other["robust_accuracy"]);
  }
  const double broken = reused["results"][1]["clean_accuracy"].get<double>() -
                        reused["results"][1]["robust_accuracy"].get<double>();
  EXPECT_EQ(reused["results"][2]["reused"], std::lround(40 * broken));
  EXPECT_FALSE(plain["results"][0].contains("reused"));
}

TEST_F(Evaluate, QuantizedImagesAreBytesInTheBallAndStillFool) {
  const Path images = folder_ / "adv.npy", rows = folder_ / "rows.csv";
  const Json report =
      evaluate(fmt::format("--mask 0 --eps 0.03 --attack-steps 5 --checks off --quantize 8 "
                           "--save-adversarial '{}' --per-image '{}'",
                           images.string(), rows.string()));
  const Json& result = report["results"][0];
  EXPECT_EQ(result["quantized"], true);
  EXPECT_LE(result["max_perturbation"].get<double>(), 7.0 / 255 + 1e-6);  // 0.03 is 7.65 levels
  EXPECT_LT(result["robust_accuracy"], result["clean_accuracy"]);
  const std::vector<float> saved = read_npy(images).to<float>();
  ASSERT_EQ(saved.size(), 40u * 3072);
  for (const float v : saved) ASSERT_EQ(v, std::round(v * 255) / 255.0f);
  const CsvTable table = read_csv(rows);
  for (const CsvRow& row : table.rows)
    EXPECT_EQ(row[table.column("robust", "")] == "1",
              row[table.column("prediction", "")] == row[table.column("label", "")]);
}

TEST_F(Evaluate, QuantizedAttacksGoOnUntilAPointSurvivesRounding) {
  const Path images = folder_ / "adv.npy";
  for (const char* attack : {"apgd-ce", "square"}) {
    const std::string options = fmt::format(
        "--mask 0 --attack {} --eps 4/255 --attack-steps 20 --queries 200 --checks off", attack);
    const Json exact = evaluate(options)["results"][0];
    const Json rounded = evaluate(fmt::format("{} --quantize 8 --save-adversarial '{}'", options,
                                              images.string()))["results"][0];
    EXPECT_NEAR(exact["robust_accuracy"].get<double>(), rounded["robust_accuracy"].get<double>(),
                0.051)
        << attack;
    EXPECT_LT(rounded["robust_accuracy"], rounded["clean_accuracy"]);
    for (const float v : read_npy(images).to<float>()) ASSERT_EQ(v, std::round(v * 255) / 255.0f);
  }
}

TEST_F(Evaluate, LeastPerturbationsDecideAtEveryStrength) {
  const Path rows = folder_ / "rows.csv";
  const std::string options = fmt::format(
      "--limit-test 16 --mask 0 --attack cw --norm l2 --attack-steps 20 --checks off "
      "--per-image '{}' --eps ",
      rows.string());
  const auto lengths = [&](const std::string& eps) {
    evaluate(options + eps);
    const CsvTable table = read_csv(rows);
    std::vector<double> list;
    for (const CsvRow& row : table.rows)
      if (row[table.column("clean", "")] == "1")
        list.push_back(row[table.column("robust", "")] == "1"
                           ? HUGE_VAL
                           : std::stod(row[table.column("perturbation", "")]));
    return list;
  };
  const std::vector<double> least = lengths("10");
  std::vector<double> sorted = least;
  std::ranges::sort(sorted);
  ASSERT_GT(sorted.size(), 1u);
  ASSERT_LT(sorted[1], 10);
  const double eps = (sorted[0] + sorted[1]) / 2;
  std::vector<double> expected = least;
  for (double& length : expected)
    if (length > eps) length = HUGE_VAL;
  EXPECT_EQ(lengths(fmt::format("{}", eps)), expected);
}

TEST_F(Evaluate, SaysThatItAimsAtFewerClassesThanItWasAskedTo) {
  std::string images;
  for (char label = 0; label < 5; ++label) images += label + std::string(3072, '\x40');
  test::put(folder_ / "test_batch.bin", images);
  const Result result = run(fmt::format(
      "evaluate --from {} --threads 1 --attack fab-t --attack-steps 1 --data cifar10:{}",
      quoted(model_file("five", 5)), quoted(folder_.path())));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("--targets 9: the model has 5 classes"), std::string::npos)
      << result.errors;
}

TEST_F(Evaluate, SquareNeedsNoSteps) {
  const std::string options = "--mask 1 --attack square --queries 60 --eps 16/255 --checks off ";
  const Json none = evaluate(options + "--attack-steps 0")["results"][0];
  EXPECT_LT(none["robust_accuracy"], none["clean_accuracy"]);
  EXPECT_EQ(none["robust_accuracy"], evaluate(options)["results"][0]["robust_accuracy"]);
}

}  // namespace
}  // namespace robmask
