// The descriptions of the paper's tables and figures.

#include <algorithm>
#include <map>
#include <set>

#include "tests/cli/command_line.h"
#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

double printed(const std::string& name, const std::string& row, const std::string& column) {
  return cell_of(experiment(name), row, column).paper.value();
}

TEST(Experiments, AreTheTablesAndFiguresOfThePaperAndItsClaims) {
  std::vector<std::string> names;
  for (const Experiment& e : experiments()) names.push_back(e.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"table1", "table2", "table3", "table4", "table5", "table6",
                                      "table7", "table8", "table9", "figure1", "figure3", "figure4",
                                      "claims", "grid", "ablations", "tradeoff"}));
  EXPECT_NE(test::message_of<InputError>([] { experiment("figure2"); }).find("figure3"),
            std::string::npos);
}

TEST(Experiments, HoldThePapersNumbers) {
  EXPECT_EQ(printed("table1", "Standard, then adversarial finetuning of BN", "Robust"), 26.51);
  EXPECT_EQ(
      printed("table2", "Adversarial training with and without standard finetuning of BN, robust",
              "p = 0.4"),
      24.79);
  EXPECT_EQ(printed("table3", "ResNet-18, 100 epochs", "CIFAR-10 RobMask"), 96.10);
  EXPECT_EQ(printed("table3", "DenseNet-121, 20 epochs", "CIFAR-100 AdvProp"), 73.61);
  EXPECT_EQ(printed("table4", "ResNet-18, 105 epochs", "RobMask"), 70.14);
  EXPECT_EQ(printed("table5", "RobMask", "ε = 8/255"), 44.50);
  EXPECT_EQ(printed("table6", "RobMask 10/255", "ε = 6/255"), 56.89);
  EXPECT_EQ(printed("table7", "AdvProp, 2 auxiliary BN", "Clean"), 95.10);
  EXPECT_EQ(printed("table8", "ResNeXt-29, 20 epochs", "CIFAR-100"), 74.43);
  EXPECT_EQ(printed("table9", "18 layer4.1.bn1", "weight γ, all tuned"), 0.9573);
  EXPECT_EQ(printed("figure1", "weight γ", "all tuned"), 0.7620);
  EXPECT_EQ(printed("figure3", "RobMask", "Seconds an epoch"), 890);
  EXPECT_EQ(printed("figure3", "RobMask", "Clean"), 96.47);
  EXPECT_EQ(printed("grid", "mask p = 1", "ε = 6/255"), 58.63);
  EXPECT_EQ(printed("tradeoff", "Table 2, p = 0.2", "Robust"), 12.85);
}

TEST(Experiments, HaveAsManyNumbersAsThePaper) {
  const auto count = [](const std::string& name) {
    Index n = 0;
    for (const Cell& cell : experiment(name).cells) n += cell.paper.has_value();
    return n;
  };
  EXPECT_EQ(count("table1"), 8);
  EXPECT_EQ(count("table2"), 24);
  EXPECT_EQ(count("table3"), 48);
  EXPECT_EQ(count("table5"), 15);
  EXPECT_EQ(count("table6"), 20);
  EXPECT_EQ(count("table8"), 16);
  EXPECT_EQ(count("table9"), 2 * 19 * 4);
}

TEST(Experiments, SlipsOfThePaperStandAsPrintedWithANote) {
  const Cell& slip = cell_of(experiment("table8"), "ResNet-18, 100 epochs", "CIFAR-100");
  EXPECT_EQ(slip.paper, 8.59);
  EXPECT_EQ(slip.paper_std, 0.18);
  EXPECT_NE(slip.note.find("78.59"), std::string::npos);
}

TEST(Experiments, WhatDrawsHasFiguresAndEveryFigureSaysWhatItShowsAndWhatIsThePapers) {
  for (const Experiment& e : experiments()) {
    EXPECT_EQ(e.draw != nullptr, !e.figures.empty()) << e.name;
    for (const Figure& figure : e.figures) {
      EXPECT_TRUE(figure.caption.ends_with('.')) << figure.file;
      EXPECT_NE(figure.papers.find("paper"), std::string::npos) << figure.file;
    }
  }
}

TEST(Experiments, NoTwoCellsOfAnExperimentShareAName) {
  for (const Experiment& e : experiments()) {
    std::set<std::string> names;
    for (const Cell& cell : e.cells) EXPECT_TRUE(names.insert(cell.name()).second) << cell.name();
  }
}

TEST(Experiments, TheEndsOfTheInterpolationAreTheModelsOfTable1) {
  const ReproduceSettings settings = settings_of(ScaleName::paper, "out");
  const Commands commands(settings);
  const auto folder = [&](const std::string& e, const std::string& row, const std::string& column) {
    return commands.jobs(cell_of(experiment(e), row, column).reading).at(0).folder;
  };
  const std::string row = "Adversarial training with and without standard finetuning of BN, robust";
  EXPECT_EQ(folder("table2", row, "p = 1.0"), folder("table1", "Adversarial training", "Robust"));
  EXPECT_EQ(folder("table2", row, "p = 0.0"),
            folder("table1", "Adversarial, then standard finetuning of BN", "Robust"));
}

TEST(Experiments, TheMatchingMaskIsTheOneOfEachStrength) {
  const ReproduceSettings s = settings_of(ScaleName::paper, "out");
  const Commands commands(s);
  const auto words = [&](const std::string& eps) {
    return commands.jobs(cell_of(experiment("table5"), "RobMask, matching mask", eps).reading)[0]
        .arguments;
  };
  EXPECT_EQ(settings(words("ε = 0"))["mask"], Json{0.0});
  EXPECT_EQ(settings(words("ε = 2/255"))["mask"], Json{0.25});
  EXPECT_EQ(settings(words("ε = 8/255"))["mask"], Json{1.0});
}

TEST(Experiments, TheGridHoldsTable5sMasks) {
  const ReproduceSettings settings = settings_of(ScaleName::paper, "out");
  const Commands commands(settings);
  const auto folder = [&](const std::string& e, const std::string& row, const std::string& column) {
    return commands.jobs(cell_of(experiment(e), row, column).reading).at(0).folder;
  };
  EXPECT_EQ(experiment("grid").cells.size(), 25u);
  for (const char* eps : {"ε = 0", "ε = 4/255", "ε = 8/255"}) {
    EXPECT_EQ(folder("grid", "mask p = 1", eps), folder("table5", "RobMask", eps));
    EXPECT_EQ(folder("grid", "mask p = 0", eps), folder("table5", "RobMask, clean mask", eps));
  }
  EXPECT_EQ(folder("grid", "mask p = 0.5", "ε = 4/255"),
            folder("table5", "RobMask, matching mask", "ε = 4/255"));
}

TEST(Experiments, ClaimsAreDifferencesOfThePapersOwnNumbers) {
  EXPECT_NEAR(printed("claims", "ResNet-18, CIFAR-10", "RobMask − BN"), 1.23, 1e-9);
  EXPECT_NEAR(printed("claims", "DenseNet-121, CIFAR-100", "RobMask 20 ep − AdvProp"), -1.77, 1e-9);
  EXPECT_NEAR(printed("claims", "ImageNet", "RobMask − BN on ImageNet"), 0.38, 1e-9);
  EXPECT_NEAR(printed("claims", "AutoAttack: RobMask 10/255 − RobMask", "ε = 8/255"), 2.99, 1e-9);
  EXPECT_NEAR(printed("claims", "PGD: RobMask − AdvProp", "ε = 8/255"), -1.54, 1e-9);
}

/// What the paper prints in a row of a table, or in its columns that are named.
std::vector<double> printed_row(const std::string& name, const std::string& row,
                                const std::vector<std::string>& columns = {}) {
  std::vector<double> numbers;
  for (const Cell& cell : experiment(name).cells)
    if (cell.row == row && cell.paper &&
        (columns.empty() || std::ranges::count(columns, cell.column) > 0))
      numbers.push_back(*cell.paper);
  return numbers;
}

TEST(Experiments, EveryClaimIsTheDifferenceOfWhatTheTablesPrint) {
  std::map<std::string, double> printed_by_jobs;
  const ReproduceSettings settings = settings_of(ScaleName::paper, "out");
  const Commands commands(settings);
  for (const char* table : {"table1", "table3", "table4", "table5", "table6"})
    for (const Cell& cell : experiment(table).cells)
      if (cell.paper) printed_by_jobs[commands.jobs(cell.reading)[0].folder] = *cell.paper;
  int claims = 0;
  for (const Cell& cell : experiment("claims").cells) {
    if (!cell.paper) continue;
    const auto of = [&](const Source& source) {
      return printed_by_jobs.at(commands.jobs({.of = {source}})[0].folder);
    };
    const double difference = of(cell.reading.of[0]) - of(cell.reading.of[1]);
    EXPECT_NEAR(*cell.paper, difference, 1e-9) << cell.name();
    ++claims;
  }
  EXPECT_EQ(claims, 8 * 4 + 3 + 2 * 5 + 4 * 5);
}

TEST(Experiments, WhatTwoTablesPrintIsTheSame) {
  EXPECT_EQ(printed_row("grid", "mask p = 1"), printed_row("table5", "RobMask"));
  for (const std::string name : {"BN", "AdvProp", "RobMask"})
    EXPECT_EQ(printed_row("figure3", name, {"Clean"}),
              printed_row("table3", "DenseNet-121, 100 epochs", {"CIFAR-10 " + name}));
  EXPECT_NEAR(printed("figure3", "RobMask / AdvProp", "Seconds an epoch"), 890.0 / 870, 1e-5);
  for (const auto& [row, column] : {std::pair("running mean μ", "mean"),
                                    {"running variance σ²", "variance"},
                                    {"weight γ", "weight γ"},
                                    {"bias β", "bias β"}})
    for (const std::string tuned : {"all tuned", "γ and statistics tuned"})
      EXPECT_EQ(printed("figure1", row, tuned),
                printed("table9", "0 bn1", column + (", " + tuned)));
  const std::string rows = "Adversarial training with and without standard finetuning of BN, ";
  for (const auto& [point, column] : {std::pair("0", "p = 0.0"),
                                      {"0.2", "p = 0.2"},
                                      {"0.4", "p = 0.4"},
                                      {"0.6", "p = 0.6"},
                                      {"0.8", "p = 0.8"},
                                      {"1", "p = 1.0"}}) {
    const std::string row = "Table 2, p = " + std::string(point);
    EXPECT_EQ(printed("tradeoff", row, "Clean"), printed("table2", rows + "clean", column));
    EXPECT_EQ(printed("tradeoff", row, "Robust"), printed("table2", rows + "robust", column));
  }
}

TEST(Experiments, SlugsKeepLettersDigitsAndPoints) {
  EXPECT_EQ(slug("ε = 8/255"), "8-255");
  EXPECT_EQ(slug("ResNet-18, 100 epochs"), "resnet-18-100-epochs");
  EXPECT_EQ(slug("layer1.0.bn1"), "layer1.0.bn1");
}

}  // namespace
}  // namespace robmask::reproduce
