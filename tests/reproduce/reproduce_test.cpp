// robmask reproduce as a whole, on jobs that are done already or cannot be run.

#include "data/files/csv.h"
#include "tests/cli/command_line.h"
#include "tests/reproduce/workplace.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/reproduce/index_page.h"

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
    settings_.experiment = names;
    settings_.only = only;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_reproduce(settings_);
    testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return code;
  }

  CsvTable table() const { return read_csv(folder_ / "table4/table.csv"); }

  static ReproduceSettings quiet_settings(const Path& out) {
    ReproduceSettings s = settings_of(ScaleName::smoke, out);
    s.common.quiet = true;
    return s;
  }

  test::ScratchFolder folder_;
  ReproduceSettings settings_ = quiet_settings(folder_.path());
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

TEST_F(Reproduce, ThePageHoldsAllThatHasBeenMadeSoFar) {
  for (const Job& job : jobs()) put_result(job, 0.5, 0);
  std::filesystem::create_directory(folder_ / "table1");
  test::put(folder_ / "table1/table.md",
            "# table1: made before\n\n| | a |\n| --- | --- |\n| r | 1 |\n");
  test::put(folder_ / "table1/curve.svg", "<svg/>");
  test::put(folder_ / "table1/curve.png", "the same");
  EXPECT_EQ(run("table4"), 0) << errors_;
  const std::string page = read_text(folder_ / "index.html");
  for (const char* part : {"table1: made before", "50.00 [46.00, 54.00] (69.76)",
                           "data:image/svg+xml;base64,PHN2Zy8+", "href=\"#table4\""})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  EXPECT_EQ(page.find("image/png"), std::string::npos);
  EXPECT_LT(page.find("id=\"table1\""), page.find("id=\"table4\""));
}

TEST(IndexPage, MarkdownBecomesHtml) {
  EXPECT_EQ(
      html_of("# a < b\n\ntext\n\n| | x |\n| --- | --- |\n| A |  |\n\n- \\* one\n- two\n"),
      "<h2>a &lt; b</h2>\n<p>text</p>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Numbers\"><table><thead>\n"
      "<tr><th scope=\"col\"></th><th scope=\"col\">x</th></tr>\n</thead><tbody>\n"
      "<tr><th scope=\"row\">A</th><td></td></tr>\n</tbody></table></div>\n"
      "<ul>\n<li>* one</li>\n<li>two</li>\n</ul>\n");
}

}  // namespace
}  // namespace robmask::reproduce
