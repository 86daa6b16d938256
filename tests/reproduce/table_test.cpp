// Numbers out of finished jobs, and the tables made of them.

#include "tools/robmask/reproduce/table.h"

#include "data/files/npy.h"
#include "data/files/safetensors.h"
#include "tests/reproduce/workplace.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {
namespace {

class ReproduceTable : public testing::Test {
 protected:
  const test::ScratchFolder folder_;
};

TEST_F(ReproduceTable, ReadsCleanOrRobustAccuracyInPerCent) {
  const ReproduceSettings s = settings_of(ScaleName::small, folder_.path());
  const Commands commands(s);
  const Source clean, robust{.attack = "pgd", .eps = "8/255"};
  put_result(commands.evaluate(clean), 0.75, 0.75);
  put_result(commands.evaluate(robust), 0.75, 0.25);
  EXPECT_EQ(find({.of = {clean}}, commands).value, 75);
  const Finding finding = find({.of = {robust}}, commands);
  EXPECT_EQ(finding.value, 25);
  EXPECT_NEAR(finding.interval->at(0), 22, 1e-9);
  EXPECT_EQ(finding.n, 500);
}

TEST_F(ReproduceTable, RefusesResultsThatNoEvaluationPrints) {
  const ReproduceSettings s = settings_of(ScaleName::small, folder_.path());
  const Commands commands(s);
  const Job job = commands.evaluate(Source{});
  put_result(job, 0.75, 0.75);
  const Json whole = read_json(job.result());
  const auto refused = [&](const Json& report) {
    write_json(job.result(), report);
    const std::string line = test::message_of<InputError>([&] { find(Reading{}, commands); });
    EXPECT_TRUE(test::mentions(line, "result.json: expected the result of an evaluation")) << line;
  };
  for (const char* report : {"[]", R"({"results":[]})", R"({"results":{"0":1}})", "null"})
    refused(Json::parse(report));
  for (const char* key : {"clean_accuracy", "clean_interval", "n"})
    for (const Json& value : {Json(), Json(-1), Json("x"), Json::array({0.5}), Json(2)}) {
      Json report = whole;
      report["results"][0][key] = value;
      if (key != std::string_view("n") || value != 2) refused(report);
    }
}

TEST_F(ReproduceTable, RefusesWeightsAndMapsThatDoNotMatch) {
  const ReproduceSettings s = settings_of(ScaleName::small, folder_.path());
  const Commands commands(s);
  const Training before{.method = "pgd"}, after = finetuned(before, "standard");
  for (const Training& t : {before, after}) {
    const Job job = commands.train(t);
    SafeTensors file;
    const std::vector<float> values(t.base ? 2 : 3);
    file.add("a", host_tensor({std::ssize(values)}, values));
    std::filesystem::create_directories(job.folder);
    write_safetensors(job.folder / "model.safetensors", file);
  }
  EXPECT_TRUE(test::mentions(test::message_of<InputError>([&] {
                               find({Measure::cosine, {{before}, {after}}, {"a"}}, commands);
                             }),
                             "expected 3 numbers"));
  const Reading maps{Measure::blocked, {{before, "0"}, {before, "1"}}, {"bn1"}};
  for (const Source& view : maps.of) {
    const Job job = commands.features(view, "bn1");
    const Index channels = view.mask == "0" ? 2 : 1;
    std::filesystem::create_directories(job.folder);
    write_npy(job.folder / "features.npy",
              host_tensor({1, channels, 1, 1}, std::vector<float>(channels)));
  }
  EXPECT_TRUE(test::mentions(test::message_of<InputError>([&] { find(maps, commands); }),
                             "expected feature maps of"));
  const Path none = folder_ / "none.npy";  // as many channels as a few bytes can ask for
  write_npy(none, host_tensor({1, Index{1} << 50, 0, 0}, std::vector<float>()));
  EXPECT_TRUE(test::mentions(test::message_of<InputError>([&] { feature_maps(none); }),
                             "none.npy: expected the feature maps of one image"));
}

TEST_F(ReproduceTable, SeedsGiveTheirMeanAndTheSamplesStandardDeviation) {
  const ReproduceSettings s = settings_of(ScaleName::paper, folder_.path());
  const Commands commands(s);
  const Reading accuracy{.of = {{.repeated = true}}};
  const std::vector<Job> jobs = commands.jobs(accuracy);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    put_result(jobs[i], 0.90 + 0.01 * static_cast<double>(i), 0);
  const Finding finding = find(accuracy, commands);
  EXPECT_NEAR(finding.value, 91, 1e-9);
  EXPECT_NEAR(finding.std.value(), 1, 1e-9);
  EXPECT_EQ(finding.n, 3);
  EXPECT_FALSE(finding.interval);
}

TEST_F(ReproduceTable, ADifferenceOfMeansOverSeedsHasWelchsInterval) {
  const ReproduceSettings s = settings_of(ScaleName::paper, folder_.path());
  const Commands commands(s);
  const Source a{.repeated = true}, b{.training = {.method = "robmask"}, .repeated = true};
  const std::vector<Job> jobs = commands.jobs({.of = {b, a}});
  ASSERT_EQ(jobs.size(), 6u);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    put_result(jobs[i], i == 0 ? 0.93 : i == 3 ? 0.91 : 0.90, 0);
  const Finding finding = find({.of = {b, a}}, commands);
  // By hand: deviations 1/√3 and √3, so a standard error of √(10/9) at 2.4390 degrees of freedom.
  EXPECT_NEAR(finding.value, 2.0 / 3, 1e-9);
  EXPECT_FALSE(finding.std);
  EXPECT_NEAR(finding.interval->at(1) - finding.value, student_95(2.43902439) * std::sqrt(10.0 / 9),
              1e-6);
}

TEST_F(ReproduceTable, EqualMeansWithoutSpreadHaveAnIntervalWithoutLength) {
  const ReproduceSettings s = settings_of(ScaleName::paper, folder_.path());
  const Commands commands(s);
  const Reading difference{
      .of = {{.repeated = true}, {.training = {.method = "robmask"}, .repeated = true}}};
  for (const Job& job : commands.jobs(difference)) put_result(job, 0.75, 0);
  EXPECT_EQ(find(difference, commands).interval, (std::array{0.0, 0.0}));
}

TEST(Welch, StudentsQuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(student_95(1), 12.7062, 1e-3);
  EXPECT_NEAR(student_95(2), 4.302653, 1e-5);
  EXPECT_NEAR(student_95(4), 2.776445, 1e-5);
  EXPECT_NEAR(student_95(1e4), 1.960201, 1e-5);
}

TEST_F(ReproduceTable, TheMedianEpochAndTheRatioOfTwo) {
  const ReproduceSettings s = settings_of(ScaleName::small, folder_.path());
  const Commands commands(s);
  const Training fast{.method = "advprop"}, slow{.method = "robmask"};
  const auto put_log = [&](const Training& t, const std::string& text) {
    const Job job = commands.train(t);
    std::filesystem::create_directories(job.folder);
    test::put(job.folder / "log.csv", text);
  };
  put_log(fast, "epoch,seconds\n0,100\n1,4\n2,3\n");
  put_log(slow, "epoch,seconds\n0,4\n1,6\n");
  EXPECT_EQ(find({Measure::seconds, {{fast}}}, commands).value, 4);
  EXPECT_EQ(find({Measure::seconds, {{slow}}}, commands).value, 5);
  EXPECT_EQ(find({Measure::seconds, {{slow}, {fast}}}, commands).value, 1.25);
}

TEST_F(ReproduceTable, ParametersAreWhatTrainingChanges) {
  const ReproduceSettings s = settings_of(ScaleName::small, folder_.path());
  const Commands commands(s);
  const Job job = commands.train({});
  std::filesystem::create_directories(job.folder);
  SafeTensors file;
  file.add("conv1.weight", host_tensor({2, 3}, std::vector<float>(6)));
  file.add("bn1.mask.1.weight", host_tensor({2}, std::vector<float>(2)));
  file.add("bn1.running_mean", host_tensor({2}, std::vector<float>(2)));
  file.add("bn1.num_batches_tracked", host_tensor({1}, std::vector<std::int64_t>{7}));
  write_safetensors(job.folder / "model.safetensors", file);
  EXPECT_EQ(find({Measure::parameters}, commands).value, 8);
}

TEST_F(ReproduceTable, AGapIsTheMeanDistanceFromThePapersCosines) {
  const ReproduceSettings s = settings_of(ScaleName::small, folder_.path());
  const Commands commands(s);
  const Training before{.method = "pgd"}, after = finetuned(before, "standard");
  const auto put_weights = [&](const Training& t, const std::vector<float>& values) {
    const Job job = commands.train(t);
    std::filesystem::create_directories(job.folder);
    SafeTensors file;
    file.add("a", host_tensor({2}, values));
    file.add("b", host_tensor({2}, std::vector<float>{1, 1}));
    write_safetensors(job.folder / "model.safetensors", file);
  };
  put_weights(before, {1, 0});
  put_weights(after, {0, 1});
  const Reading gap{Measure::gap, {{before}, {after}}, {"a", "b"}, {0.5, 0.75}};
  EXPECT_NEAR(find(gap, commands).value, (0.5 + 0.25) / 2, 1e-12);
}

TEST_F(ReproduceTable, RowsThatShareNoColumnStandInTablesOfTheirOwn) {
  Experiment e{"table0", "a test", {}, {{"A", "x"}, {"A", "y"}, {"B", "y"}, {"C", "z"}}};
  for (Cell& cell : e.cells) cell.ours = Finding{1 + static_cast<double>(&cell - &e.cells[0])};
  const std::string text = markdown(document(e, scale_of(ScaleName::smoke)));
  EXPECT_NE(text.find("| | x | y |\n| --- | --- | --- |\n| A | 1.00 | 2.00 |\n| B |  | 3.00 |\n\n"
                      "| | z |\n| --- | --- |\n| C | 4.00 |\n"),
            std::string::npos)
      << text;
}

TEST_F(ReproduceTable, ShowsOursBesideThePapersAndSaysWhatIsMissing) {
  const Experiment e{"table0",
                     "a test",
                     {"a remark"},
                     {{.row = "A",
                       .column = "clean",
                       .paper = 91.97,
                       .ours = Finding{.value = 50, .interval = {{40, 60}}, .n = 100}},
                      {.row = "A",
                       .column = "mean",
                       .paper = 8.59,
                       .paper_std = 0.18,
                       .note = "78.59 must be meant",
                       .ours = Finding{.value = 77, .std = 0.5, .n = 3}},
                      {.row = "B", .column = "clean", .paper = 1, .missing = "train: no room"}}};
  const std::string text = markdown(document(e, scale_of(ScaleName::smoke)));
  EXPECT_NE(text.find("| | clean | mean |\n| --- | --- | --- |\n"
                      "| A | 50.00 [40.00, 60.00] (91.97) | 77.00 ± 0.50 (8.59 ± 0.18*) |\n"
                      "| B | – (1.00) |  |\n"),
            std::string::npos)
      << text;
  for (const char* line :
       {"- a remark\n", "- \\* A, mean: 78.59 must be meant.\n", "- – B, clean: train: no room.\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  const CsvTable table = csv(e);
  EXPECT_EQ(csv_line(table.rows[0]), "A,clean,50,40,60,,100,91.97,,,");
  EXPECT_EQ(csv_line(table.rows[2]), "B,clean,,,,,,1,,,train: no room");
}

TEST_F(ReproduceTable, AFiguresCaptionStandsInTheLineBelowIt) {
  const Experiment e{"table0", "a test", {"a remark"}, {}, {{"all.svg", "A curve.", "No paper."}}};
  const Scale& scale = scale_of(ScaleName::smoke);
  const std::string text = markdown(document(e, scale));
  EXPECT_NE(
      text.find("![all](all.svg)\nA curve. Ours: " + scale.data + ". No paper.\n\n- a remark"),
      std::string::npos)
      << text;
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
  EXPECT_EQ(fate_of(a.means[0], b.means[0]), Fate::blocked);
  EXPECT_EQ(fate_of(a.means[1], b.means[1]), Fate::magnified);
  EXPECT_EQ(fate_of(a.means[2], b.means[2]), Fate::kept);
  EXPECT_EQ(fate_of(1, 0.5), Fate::weakened);
  EXPECT_EQ(fate_of(0, 0), Fate::dead);
}

TEST_F(ReproduceTable, FeatureMapsAreJudgedWithoutTheirEdge) {
  std::vector<float> edge(2 * 9, 5);
  edge[4] = 0, edge[9 + 4] = 2;
  write_npy(folder_ / "maps.npy", host_tensor({1, 2, 3, 3}, edge));
  const FeatureMaps maps = feature_maps(folder_ / "maps.npy");
  EXPECT_EQ(maps.shape, (Shape{1, 1, 1, 2}));
  EXPECT_EQ(maps.means, (std::vector<double>{0, 2}));
  EXPECT_EQ(maps.map(1, 4), std::vector<double>{0.5});
}

}  // namespace
}  // namespace robmask::reproduce
