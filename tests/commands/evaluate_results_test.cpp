// What robmask evaluate reports and writes, of each combination and of all together.

#include "data/files/npy.h"
#include "tests/commands/evaluation.h"

namespace robmask {
namespace {

TEST_F(Evaluate, ReportsEveryCombinationItsClassesItsPairsAndTheWorstCase) {
  const Json report =
      evaluate("--mask 0,1 --attack clean,fgsm,pgd --eps 0,8/255 --attack-steps 3 --checks off");
  const Json& results = report["results"];
  ASSERT_EQ(results.size(), 12u);
  for (const Json& r : results) {
    Index n = 0;
    double robust = 0;
    for (const Json& c : r["per_class"]) {
      n += c["n"].get<Index>();
      robust += c["robust_accuracy"].get<double>() * c["n"].get<double>();
    }
    EXPECT_EQ(n, 40);
    EXPECT_NEAR(robust / 40, r["robust_accuracy"].get<double>(), 1e-12);
    const bool idle = r["eps"] == "0" || r["attack"] == "clean";
    EXPECT_TRUE(!idle || r["robust_accuracy"] == r["clean_accuracy"]);
    EXPECT_EQ(r.contains("paired_masks"), r["mask"] == 1.0);
  }
  ASSERT_EQ(report["worst_case"].size(), 4u);
  for (const Json& worst : report["worst_case"]) {
    EXPECT_EQ(worst["attacks"], (Json{"fgsm", "pgd"}));
    for (const Json& r : results)
      EXPECT_TRUE(r["mask"] != worst["mask"] || r["eps"] != worst["eps"] ||
                  worst["robust_accuracy"] <= r["robust_accuracy"]);
  }
}

TEST_F(Evaluate, PrintsTablesOfNoMoreThanAHundredColumns) {
  const Result result =
      run(fmt::format("evaluate --threads 1 --quiet --limit-test 16 --from '{}' --out '{}' --mask "
                      "0,1 --attack fgsm,pgd "
                      "--eps 4/255,8/255 --attack-steps 5 --per-class",
                      model().string(), folder_.path().string()));
  ASSERT_EQ(result.code, 0) << result.errors;
  for (const char* part : {"mask  attack", "worst of 2", "McNemar", "class"})
    EXPECT_NE(result.output.find(part), std::string::npos) << part << "\n" << result.output;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST_F(Evaluate, ReportsWhatRanAndNothingThatTheAttackHasNot) {
  const Json report = evaluate(
      "--mask 1 --attack pgd,apgd-t,square,autoattack --attack-steps 2 --queries 3 --checks off");
  const auto of = [&](std::size_t i, const char* name) {
    return report["results"][i].value(name, Json("none"));
  };
  EXPECT_EQ(of(0, "start"), "random");
  EXPECT_EQ(of(0, "pgd_keep"), "last");
  EXPECT_EQ(of(0, "queries"), "none");
  EXPECT_EQ(of(1, "targets"), 9);
  for (const std::size_t i : {1, 2, 3}) EXPECT_TRUE(of(i, "step_size").is_null());
  EXPECT_TRUE(of(2, "steps").is_null());
  EXPECT_EQ(of(2, "queries"), 3);
  EXPECT_EQ(of(2, "aa_version"), "none");
  EXPECT_EQ(of(3, "aa_version"), "standard");
  EXPECT_EQ(of(3, "steps"), 2);
  double seconds = 0;
  for (const Json& stage : report["results"][3]["stages"])
    seconds += stage["seconds"].get<double>();
  EXPECT_GT(seconds, 0);
  EXPECT_LE(seconds, of(3, "seconds").get<double>());
}

TEST_F(Evaluate, WritesAnEntryOfRobustBench) {
  const Path entry = folder_ / "entry.json";
  const Json report =
      evaluate("--mask 1 --attack-steps 5 --checks off --robustbench-json " + quoted(entry));
  const Json json = read_json(entry);
  EXPECT_EQ(json["eps"], "8/255");
  EXPECT_EQ(json["architecture"], "ResNet-18 (width 4)");
  EXPECT_EQ(json["autoattack_acc"], "");
  const std::string autoattack =
      "--mask 1 --attack autoattack --attack-steps 1 --queries 1 --eps 0 --checks off "
      "--robustbench-json ";
  evaluate(autoattack + quoted(entry));
  EXPECT_EQ(read_json(entry)["autoattack_acc"], "");
  evaluate("--mask 1 --attack autoattack --eps 0 --checks off --robustbench-json " + quoted(entry));
  EXPECT_NE(read_json(entry)["autoattack_acc"], "");
  EXPECT_EQ(json["clean_acc"],
            fmt::format("{:.2f}", 100 * report["results"][0]["clean_accuracy"].get<double>()));
}

TEST_F(Evaluate, MeasuresCorruptions) {
  std::vector<std::uint8_t> bytes(10 * 3072, 128);
  const Path images = folder_ / "CIFAR-10-C";
  std::filesystem::create_directory(images);
  write_npy(images / "fog.npy", host_tensor({10, 32, 32, 3}, bytes));
  write_npy(images / "snow.npy", host_tensor({10, 32, 32, 3}, bytes));
  // Gray images are all of one class: of two at each severity, one has the right label.
  std::vector<std::int32_t> labels(10);
  const auto with_labels = [&](std::int32_t label) {
    for (std::size_t i = 0; i < labels.size(); ++i)
      labels[i] = i % 2 == 0 ? label : (label + 1) % 10;
    write_npy(images / "labels.npy", host_tensor({10}, labels));
    return evaluate("--mask 0 --attack clean --checks off --corruptions " + quoted(images));
  };
  double sum = 0;
  for (std::int32_t label = 0; label < 10; ++label) {
    const Json report = with_labels(label)["corruptions"][0];
    EXPECT_EQ(report["n"], 2);
    EXPECT_EQ(report["corruptions"].size(), 2u);
    sum += report["mean_accuracy"].get<double>();
  }
  EXPECT_DOUBLE_EQ(sum, 1.0);
}

TEST_F(Evaluate, SaysAtTheStartThatAnOutputCannotBeWritten) {
  for (const char* option : {"per-image", "save-adversarial", "robustbench-json"})
    expect_refused(command(fmt::format("--attack pgd --{} /nonexistent/file", option)), option);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.journal"));
}

}  // namespace
}  // namespace robmask
