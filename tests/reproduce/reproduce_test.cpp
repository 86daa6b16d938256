// robmask reproduce as a whole, on jobs that are done already or cannot be run.

#include "data/files/csv.h"
#include "tests/cli/command_line.h"
#include "tests/reproduce/workplace.h"
#include "tools/robmask/commands.h"
#include "training/manners.h"

namespace robmask::reproduce {
namespace {

class Reproduce : public testing::Test {
 protected:
  Reproduce() { set_quiet(true); }
  ~Reproduce() override { set_quiet(false); }

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

}  // namespace
}  // namespace robmask::reproduce
