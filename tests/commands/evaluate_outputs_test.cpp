// What an evaluation hands on: adversarial images as data sets, lists of attacks as one, names.

#include "data/files/csv.h"
#include "tests/commands/evaluation.h"

namespace robmask {
namespace {

TEST_F(Evaluate, SavesAdversarialImagesThatAreDataSetsAgain) {
  const Path array = folder_ / "adv.npy", pictures = folder_ / "pictures";
  const Json report = evaluate("--attack pgd --attack-steps 3 --quantize 8 --per-image " +
                               quoted(folder_ / "rows.csv") + " --save-adversarial " +
                               quoted(array) + " --save-adversarial-png " + quoted(pictures));
  const double robust = report["results"][0]["robust_accuracy"];
  EXPECT_LT(robust, report["results"][0]["clean_accuracy"].get<double>());
  const std::string again = "--attack clean --out " + quoted(folder_ / "again") + " --data ";
  for (const std::string& data : {"npy:" + array.string(), "folder:" + pictures.string()})
    EXPECT_EQ(evaluate(again + quoted(data))["results"][0]["clean_accuracy"], robust) << data;

  const CsvTable rows = read_csv(folder_ / "rows.csv");
  ASSERT_EQ(rows.rows.size(), 40u);
  EXPECT_EQ(rows.rows[0][rows.column("class", "")], "lying-red");
  expect_refused(command("--attack pgd --quantize 8 --save-adversarial-png " + quoted(pictures)),
                 "it holds test/");
  expect_refused(command("--attack pgd --save-adversarial-png " + quoted(folder_ / "more")),
                 "--quantize 8");
}

TEST_F(Evaluate, RunsAListOfAttacksOnTheSurvivorsOfEach) {
  const std::string attacks = "--attack apgd-ce,square --queries 40 --attack-steps 3 ";
  const Json apart = evaluate(attacks),
             together = evaluate(attacks + "--worst-case --save-adversarial " +
                                 quoted(folder_ / "adv.npy"));
  ASSERT_EQ(together["results"].size(), 1u);
  const Json& result = together["results"][0];
  EXPECT_EQ(result["attack"], "apgd-ce+square");
  EXPECT_FALSE(result.contains("aa_version"));
  ASSERT_EQ(result["stages"].size(), 2u);
  EXPECT_EQ(result["stages"][0]["robust_accuracy"], apart["results"][0]["robust_accuracy"]);
  EXPECT_EQ(result["stages"][1]["robust_accuracy"], result["robust_accuracy"]);
  EXPECT_EQ(result["robust_accuracy"], apart["worst_case"][0]["robust_accuracy"]);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "adv.npy"));  // of one attack
  expect_refused(command("--attack clean,pgd --worst-case"), "--worst-case");
}

TEST_F(Evaluate, OfTwoClassesHasAListOfAttacksInsteadOfAutoAttack) {
  const Path two = model_file("two", 2);
  test::put(folder_ / "test_batch.bin", std::string(3073, '\0') + '\1' + std::string(3072, '\0'));
  const std::string data = " --checks off --data " + quoted("cifar10:" + folder_.path().string());
  expect_refused(command("--attack autoattack" + data, two), "--worst-case");
  EXPECT_EQ(
      run(command("--attack apgd-ce,fab-t,square --worst-case --queries 5 --attack-steps 2" + data,
                  two))
          .code,
      0);
}

TEST_F(Evaluate, EndsAtTheFirstImageWhoseLogitsAreNotFinite) {
  const Path overflowing = changed([](const std::string& name, std::vector<float>& values) {
    if (name == "linear.weight") std::ranges::fill(values, 3e38f);
  });
  for (const std::string attack : {"clean", "pgd --attack-steps 1"})
    expect_refused(command("--attack " + attack, overflowing),
                   "the logits of image 0 are not finite");
  const std::string predict = "predict --quiet --limit-test 20 --from " + quoted(overflowing);
  expect_refused(predict + " --logits " + quoted(folder_ / "logits.npy"), "image 0");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "logits.npy"));
}

}  // namespace
}  // namespace robmask
