// Numbers out of finished jobs, and the tables made of them.

#include "tools/robmask/reproduce/table.h"

#include "data/files/npy.h"
#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

class ReproduceTable : public testing::Test {
 protected:
  /// Leaves a result of an evaluation, as evaluate --json prints it.
  static void put_result(const Job& job, double clean, double robust) {
    std::filesystem::create_directories(job.folder);
    const Json result{{"n", 500},
                      {"clean_accuracy", clean},
                      {"clean_interval", {clean - 0.04, clean + 0.04}},
                      {"robust_accuracy", robust},
                      {"interval", {robust - 0.03, robust + 0.03}}};
    write_json(job.result(), {{"results", {result}}});
  }

  const test::ScratchFolder folder_;
};

TEST_F(ReproduceTable, ReadsCleanOrRobustAccuracyInPerCent) {
  const ReproduceSettings s = settings_of(ScaleName::small, folder_.path());
  const Commands commands(s);
  const Accuracy clean{.training = {}}, robust{.training = {}, .attack = "pgd", .eps = "8/255"};
  put_result(commands.evaluate(clean), 0.75, 0.75);
  put_result(commands.evaluate(robust), 0.75, 0.25);
  EXPECT_EQ(find(clean, commands).value, 75);
  const Finding finding = find(robust, commands);
  EXPECT_EQ(finding.value, 25);
  EXPECT_NEAR(finding.interval->at(0), 22, 1e-9);
  EXPECT_EQ(finding.n, 500);
}

TEST_F(ReproduceTable, SeedsGiveTheirMeanAndTheSamplesStandardDeviation) {
  const ReproduceSettings s = settings_of(ScaleName::paper, folder_.path());
  const Commands commands(s);
  const Accuracy accuracy{.training = {}, .repeated = true};
  const std::vector<Job> jobs = commands.jobs(accuracy);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    put_result(jobs[i], 0.90 + 0.01 * static_cast<double>(i), 0);
  const Finding finding = find(accuracy, commands);
  EXPECT_NEAR(finding.value, 91, 1e-9);
  EXPECT_NEAR(finding.std.value(), 1, 1e-9);
  EXPECT_EQ(finding.n, 3);
  EXPECT_FALSE(finding.interval);
}

TEST_F(ReproduceTable, ShowsOursBesideThePapersAndSaysWhatIsMissing) {
  const Experiment e{"table0", "a test", {"a remark"}, {}};
  const std::vector<FilledCell> cells{
      {{"A", "clean", Accuracy{}, 91.97}, Finding{.value = 50, .interval = {{40, 60}}, .n = 100}},
      {{"A", "mean", Accuracy{}, 8.59, 0.18, "78.59 must be meant"},
       Finding{.value = 77, .std = 0.5, .n = 3}},
      {{"B", "clean", Accuracy{}, 1}, {}, "train: no room"}};
  const std::string text = markdown(e, cells, scale_of(ScaleName::smoke));
  EXPECT_NE(text.find("| | clean | mean |\n| --- | --- | --- |\n"
                      "| A | 50.00 [40.00, 60.00] (91.97) | 77.00 ± 0.50 (8.59 ± 0.18*) |\n"
                      "| B | – (1.00) |  |\n"),
            std::string::npos)
      << text;
  for (const char* line :
       {"- a remark\n", "- \\* A, mean: 78.59 must be meant.\n", "- – B, clean: train: no room.\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  const CsvTable table = csv(cells);
  EXPECT_EQ(csv_line(table.rows[0]), "A,clean,50,40,60,,100,91.97,,,");
  EXPECT_EQ(csv_line(table.rows[2]), "B,clean,,,,,,1,,,train: no room");
}

TEST_F(ReproduceTable, CosinesCompareDirections) {
  EXPECT_EQ(cosine({1, 2}, {1, 2}), 1);
  EXPECT_EQ(cosine({0, 0}, {0, 0}), 1);
  EXPECT_NEAR(cosine({1, 0}, {3, 3}), std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(cosine({1, -1}, {-2, 2}), -1, 1e-12);
}

TEST_F(ReproduceTable, FeatureMapsAreBlockedOrMagnified) {
  const auto maps = [&](const std::string& name, const std::vector<float>& values) {
    write_npy(folder_ / name, host_tensor({1, 3, 1, 2}, values));
    return feature_maps(folder_ / name);
  };
  const FeatureMaps a = maps("a.npy", {1, 0, 1, 1, 0, 2}), b = maps("b.npy", {0, 0, 2, 2, 1, 2});
  EXPECT_TRUE(blocked(a, b, 0) && !magnified(a, b, 0));
  EXPECT_TRUE(!blocked(a, b, 1) && magnified(a, b, 1));
  EXPECT_TRUE(!blocked(a, b, 2) && !magnified(a, b, 2));
}

}  // namespace
}  // namespace robmask::reproduce
