// What a scale makes of the paper's words.

#include "tools/robmask/reproduce/commands.h"

#include <map>
#include <set>

#include "tests/cli/command_line.h"
#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

class ReproduceCommands : public testing::TestWithParam<ScaleName> {
 protected:
  const ReproduceSettings settings_ = settings_of(GetParam(), "out");
  const Commands commands_{settings_};
};
INSTANTIATE_TEST_SUITE_P(Scale, ReproduceCommands,
                         testing::Values(ScaleName::smoke, ScaleName::small, ScaleName::paper),
                         [](const auto& scale) { return to_string(scale.param); });

TEST_P(ReproduceCommands, AreAllAcceptedByTheCommandLine) {
  for (const Experiment& e : experiments())
    for (const Cell& cell : e.cells)
      for (const Job& job : in_order(commands_.jobs(cell.reading)))
        EXPECT_EQ(refusal(job.arguments), "") << job.command_line();
}

TEST_P(ReproduceCommands, AFolderStandsForOneCommandAndACommandForOneFolder) {
  std::map<Path, std::string> commands;
  std::map<std::string, Path> folders;
  for (const Experiment& e : experiments())
    for (const Cell& cell : e.cells)
      for (const Job& job : in_order(commands_.jobs(cell.reading))) {
        const std::string line = job.command_line();
        EXPECT_EQ(commands.emplace(job.folder, line).first->second, line);
        EXPECT_EQ(folders.emplace(line, job.folder).first->second, job.folder);
      }
}

TEST_P(ReproduceCommands, FoldersHaveNamesThatAFileSystemTakes) {
  for (const Experiment& e : experiments())
    for (const Cell& cell : e.cells)
      for (const Job& job : in_order(commands_.jobs(cell.reading)))
        EXPECT_LT(job.folder.filename().string().size(), 200u) << job.folder;
}

Job train(const ReproduceSettings& s, const Training& t) { return Commands(s).train(t); }

TEST(ReproduceTrainings, ShareAFolderExactlyIfEverySettingIsEqual) {
  const ReproduceSettings s = settings_of(ScaleName::paper, "out");
  const Training t{.method = "robmask"};
  EXPECT_EQ(train(s, t).folder, train(s, Training{.method = "robmask"}).folder);
  Training wider = t, longer = t;
  wider.options = {"--eps", "10/255"};
  longer.epochs = 100;
  EXPECT_NE(train(s, wider).folder, train(s, t).folder);
  EXPECT_NE(train(s, longer).folder, train(s, t).folder);
  EXPECT_NE(Commands(s).train(t, 1).folder, train(s, t).folder);
  ReproduceSettings other = s;
  other.common.data = "cifar10:/data/other";
  EXPECT_NE(train(other, t).folder, train(s, t).folder);
  ReproduceSettings more = s;
  more.common.threads = 16;
  more.common.given = {"threads"};
  EXPECT_EQ(train(more, t).folder, train(s, t).folder);
}

TEST(ReproduceTrainings, FinetuningsOfDifferentModelsAreDifferent) {
  const ReproduceSettings s = settings_of(ScaleName::paper, "out");
  const Training a{.method = "pgd"}, b{.method = "pgd", .epochs = 100};
  Training from_b = finetuned(b, "standard");
  from_b.epochs = a.epochs;
  EXPECT_NE(train(s, finetuned(a, "standard")).folder, train(s, from_b).folder);
}

TEST(ReproduceTrainings, TellWhatTheyAreByTheirFolder) {
  const Job job = train(settings_of(ScaleName::small, "out"),
                        {.method = "robmask", .epochs = 100, .options = {"--eps", "10/255"}});
  EXPECT_TRUE(job.folder.string().starts_with(
      "out/runs/robmask-resnet18-w16-cifar10-12ep-eps-10-255-seed0-"))
      << job.folder;
}

TEST(ReproduceTrainings, ThePapersSettingIsTheDefaultsOfTrain) {
  const Job job = train(settings_of(ScaleName::paper, "out"), {.method = "advprop", .epochs = 100});
  const Json s = settings_of(resolved(job.arguments));
  EXPECT_EQ(s["epochs"], 100);
  EXPECT_EQ(s["batch"], 128);
  EXPECT_EQ(s["attack-steps"], 7);
  EXPECT_EQ(s["width"], 64);
  EXPECT_TRUE(s["limit-train"].is_null());
  EXPECT_TRUE(s["limit-test"].is_null());
}

TEST(ReproduceTrainings, TakeImagesAsReproduceIsTold) {
  ReproduceSettings s = settings_of(ScaleName::small, "out");
  const Path before = train(s, {.method = "pgd"}).folder;
  s.common.sample = Sample::balanced;
  s.common.given.push_back("sample");
  const Job job = train(s, {.method = "pgd"});
  EXPECT_EQ(settings(job.arguments)["sample"], "balanced");
  EXPECT_NE(job.folder, before);
}

TEST(ReproduceTrainings, AMissingDataSetIsNamed) {
  ReproduceSettings s = settings_of(ScaleName::small, "out");
  s.common.data = "cifar10:/data";
  EXPECT_NE(
      test::message_of<InputError>([&] { train(s, {.data = "cifar100"}); }).find("cifar100:DIR"),
      std::string::npos);
}

TEST(ReproduceScales, SmallRunsAutoattackAtOneStrengthOnly) {
  const ReproduceSettings s = settings_of(ScaleName::small, "out");
  const Commands commands(s);
  const Experiment e = at_scale(experiment("table6"), commands.scale());
  EXPECT_EQ(cell_of(e, "RobMask", "ε = 0").missing, "");
  EXPECT_NE(cell_of(e, "RobMask", "ε = 4/255").missing, "");
  const Cell& strongest = cell_of(e, "RobMask", "ε = 8/255");
  EXPECT_EQ(strongest.missing, "");
  const Json evaluate = settings(commands.jobs(strongest.reading)[0].arguments);
  EXPECT_EQ(evaluate["attack"], Json{"autoattack"});
  EXPECT_EQ(evaluate["limit-test"], 100);
  EXPECT_EQ(evaluate["mask"], Json{1.0});
}

TEST(ReproduceScales, SmallLeavesOutADifferenceOfWhatItLeavesOut) {
  const Experiment e = at_scale(experiment("claims"), scale_of(ScaleName::small));
  const std::string row = "AutoAttack: RobMask − AdvProp";
  EXPECT_EQ(cell_of(e, row, "ε = 8/255").missing, "");
  EXPECT_NE(cell_of(e, row, "ε = 4/255").missing, "");
}

TEST(ReproduceScales, SmallNamesTheNetworkThatStandsInAndRunsNothingTwice) {
  const Scale& small = scale_of(ScaleName::small);
  EXPECT_NE(
      at_scale(experiment("table7"), small).title.find("DenseNet-121 (here ResNet-18, width 16)"),
      std::string::npos);
  const Experiment table8 = at_scale(experiment("table8"), small);
  std::set<std::string> rows;
  for (const Cell& cell : table8.cells) rows.insert(cell.row);
  EXPECT_EQ(rows, (std::set<std::string>{"Preact-18, 100 epochs", "Preact-18, 20 epochs",
                                         "ResNet-18, 100 epochs", "ResNet-18, 20 epochs"}));
  EXPECT_NE(table8.remarks.back().find("ResNet-18 of width 16 stands in for ResNeXt-29"),
            std::string::npos);
  const Experiment& papers = experiment("table8");
  EXPECT_EQ(at_scale(papers, scale_of(ScaleName::paper)).cells.size(), papers.cells.size());
}

TEST(ReproduceScales, PaperRepeatsTheMeansOverThreeSeeds) {
  const ReproduceSettings s = settings_of(ScaleName::paper, "out");
  const Commands commands(s);
  EXPECT_EQ(commands.jobs(experiment("table8").cells[0].reading).size(), 3u);
  EXPECT_EQ(commands.jobs(experiment("table5").cells[0].reading).size(), 1u);
}

}  // namespace
}  // namespace robmask::reproduce
