// robmask reproduce as a whole, on jobs that are done already or cannot be run.

#include "data/files/csv.h"
#include "data/files/gnuplot.h"
#include "tests/cli/command_line.h"
#include "tests/reproduce/workplace.h"
#include "tools/robmask/reproduce/table.h"

namespace robmask::reproduce {
namespace {

class Reproduce : public testing::Test {
 protected:
  /// Table 4's three evaluations, at scale smoke.
  std::vector<Job> jobs() const {
    std::vector<Job> list;
    for (const Cell& cell : experiment("table4").cells)
      list.push_back(Commands(settings_).jobs(cell.reading).at(0));
    return list;
  }

  /// Runs and returns the exit code; what is printed is left aside.
  int run(const std::string& names, const std::vector<std::string>& only = {}) {
    const CommonSettings& common = settings_.common;
    std::vector<std::string> words{"reproduce",
                                   names,
                                   "--scale=smoke",
                                   "--device=cpu",
                                   "--out=" + common.out,
                                   "--data=" + common.data,
                                   "--quiet"};
    if (!only.empty()) words.push_back(fmt::format("--only={}", fmt::join(only, ",")));
    const CommandLine line = resolved(words);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = line.command->run();
    testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return code;
  }

  CsvTable table() const { return read_csv(folder_ / "table4/table.csv"); }

  test::ScratchFolder folder_;
  ReproduceSettings settings_ = settings_of(ScaleName::smoke, folder_.path());
  std::string errors_;
};

TEST_F(Reproduce, OnlyKeepsTheCellsThatEarlierRunsHaveFilled) {
  const std::vector<Job> all = jobs();
  put_result(all[0], 0.5, 0);
  put_result(all[2], 0.75, 0);
  EXPECT_EQ(run("table4", {"resnet-18-105-epochs.bn"}), 0) << errors_;
  ASSERT_EQ(table().rows.size(), 3u);
  EXPECT_EQ(table().rows[0][2], "50");
  EXPECT_EQ(table().rows[1].back(), "not asked for");
  EXPECT_EQ(table().rows[2][2], "75");
}

TEST_F(Reproduce, OneExperimentThatCannotBeWrittenLeavesTheOthersStanding) {
  for (const Job& job : jobs()) put_result(job, 0.5, 0);
  for (const Cell& cell : experiment("table7").cells)
    put_result(Commands(settings_).jobs(cell.reading).at(0), 0.5, 0);
  test::put(folder_ / "table7", "a file where the folder should be");
  EXPECT_EQ(run("table7,table4"), 1);
  EXPECT_NE(errors_.find("missing: table7: "), std::string::npos) << errors_;
  EXPECT_EQ(table().rows.size(), 3u);
}

TEST_F(Reproduce, AGarbledResultIsMissingAndNamed) {
  const std::vector<Job> all = jobs();
  for (const Job& job : all) put_result(job, 0.5, 0);
  write_json(all[1].result(), {{"results", Json::array()}});
  EXPECT_EQ(run("table4"), 1);
  EXPECT_EQ(table().rows[0][2], "50");
  EXPECT_NE(table().rows[1].back(), "");
}

TEST_F(Reproduce, ATableStandsWhereItsPictureCannotBeDrawn) {
  for (const Cell& cell : experiment("table1").cells)
    put_result(Commands(settings_).jobs(cell.reading).at(0), 0.5, 0.25);
  std::filesystem::create_directories(folder_ / "table1/tradeoff.csv/a folder in its place");
  EXPECT_EQ(run("table1"), 1);
  EXPECT_EQ(read_csv(folder_ / "table1/table.csv").rows.size(), 16u);
  EXPECT_EQ(read_text(folder_ / "table1/table.md").find("!["), std::string::npos);
}

TEST_F(Reproduce, ThePageHoldsAllThatHasBeenMadeSoFar) {
  for (const char* name : {"table1", "table4", "table7"})
    for (const Cell& cell : experiment(name).cells)
      put_result(Commands(settings_).jobs(cell.reading).at(0), 0.5, 0.25);
  EXPECT_EQ(run("table7,table1"), 0) << errors_;
  std::filesystem::remove_all(folder_ / "table7");
  EXPECT_EQ(run("table4"), 0) << errors_;
  EXPECT_EQ(run("table4"), 0) << errors_;
  const std::string page = read_text(folder_ / "index.html");
  for (const char* part : {"before and after finetuning of batch norm only",
                           "50.00 [46.00, 54.00] (69.76)", "href=\"#table4\""})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  for (const char* once : {"id=\"table1\"", "id=\"table4\""})
    EXPECT_EQ(page.find(once), page.rfind(once)) << once;
  EXPECT_LT(page.find("id=\"table1\""), page.find("id=\"table4\""));
  EXPECT_EQ(page.find("table7"), std::string::npos);  // whose folder is gone
}

TEST_F(Reproduce, APageIsMadeOfADocumentsParts) {
  std::filesystem::create_directory(folder_ / "table1");
  test::put(folder_ / "table1/curve.svg", "<svg/>");
  const Document document{"a < b",
                          {"text"},
                          {{{"", "x"}, {"A", ""}}},
                          {{"curve.svg", "What it shows."}},
                          {"* one", "two"}};
  const std::string page = index_page(folder_.path(), "table1", document);
  EXPECT_NE(page.find("<section id=\"table1\">\n<h2>a &lt; b</h2>\n<p>text</p>\n"
                      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Numbers\">"
                      "<table><thead>\n"
                      "<tr><th scope=\"col\"></th><th scope=\"col\">x</th></tr>\n</thead><tbody>\n"
                      "<tr><th scope=\"row\">A</th><td></td></tr>\n</tbody></table></div>\n"
                      "<figure><img alt=\"curve\" src=\"data:image/svg+xml;base64,PHN2Zy8+\">"
                      "<figcaption>What it shows.</figcaption></figure>\n"
                      "<ul>\n<li>* one</li>\n<li>two</li>\n</ul>\n</section>\n"),
            std::string::npos)
      << page;
}

/// Rows of a chart's numbers that belong to a series, as "x y".
std::vector<std::string> points_of(const Path& file, const std::string& series) {
  std::vector<std::string> points;
  for (const CsvRow& row : read_csv(file).rows)
    if (row[0] == series) points.push_back(row[1] + " " + row[2]);
  return points;
}

TEST_F(Reproduce, Table1DrawsWhatItsTableSaysAndWhatThePapersSays) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  double clean = 0.5, robust = 0.125;  // of the row, and then of the one below it
  const Experiment& e = experiment("table1");
  for (std::size_t i = 0; i < e.cells.size(); i += 2, clean += 0.0625, robust += 0.03125)
    for (const std::size_t column : {i, i + 1})
      put_result(Commands(settings_).jobs(e.cells[column].reading).at(0), clean, robust);
  EXPECT_EQ(run("table1"), 0) << errors_;
  const Path numbers = folder_ / "table1/tradeoff.csv";
  using Points = std::vector<std::string>;
  const std::string first = "standard, then adversarial finetuning",
                    second = "adversarial, then standard finetuning";
  EXPECT_EQ(points_of(numbers, first), (Points{"12.5 50", "15.625 56.25"}));
  EXPECT_EQ(points_of(numbers, second), (Points{"18.75 62.5", "21.875 68.75"}));
  EXPECT_EQ(points_of(numbers, "paper: " + first), (Points{"0 91.97", "26.51 53.96"}));
  EXPECT_EQ(points_of(numbers, "paper: " + second), (Points{"48.67 78.47", "5.83 86.96"}));
  EXPECT_EQ(points_of(numbers, second + " of a part").size(), 4u);
  EXPECT_NE(read_text(folder_ / "table1/table.md").find("![tradeoff](tradeoff.svg)\nClean against"),
            std::string::npos);
}

TEST_F(Reproduce, Figure3sEpochsCountFrom0AsTheirLogDoes) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  for (const Cell& cell : experiment("figure3").cells)
    for (const Job& job : Commands(settings_).jobs(cell.reading)) {
      put_result(job, 0.5, 0);
      test::put(job.folder / "log.csv",
                "epoch,seconds,train_acc,test_acc\n0,4,0.25,0.5\n1,4,0.75,0.625\n");
    }
  EXPECT_EQ(run("figure3"), 0) << errors_;
  const Path numbers = folder_ / "figure3/curves.csv";
  using Points = std::vector<std::string>;
  EXPECT_EQ(points_of(numbers, "RobMask, test, mask 0"), (Points{"0 50", "1 62.5"}));
  EXPECT_EQ(points_of(numbers, "RobMask, training"), (Points{"0 25", "1 75"}));
  EXPECT_EQ(points_of(numbers, "paper: RobMask, after 100 epochs"), (Points{"0 96.47", "1 96.47"}));
}

}  // namespace
}  // namespace robmask::reproduce
