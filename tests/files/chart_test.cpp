#include "data/files/chart.h"

#include <cmath>
#include <cstdlib>

#include "data/files/csv.h"
#include "data/files/gnuplot.h"
#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

Chart example() {
  return {.title = "it's a 'test'; `false`",
          .x_label = "clean",
          .y_label = "robust",
          .series = {{.name = "masks_p",
                      .x = {90, 91, 92},
                      .y = {40, NAN, 20},
                      .low = {39, 29, 19},
                      .high = {41, 31, 21},
                      .labels = {"p=1", "", "p=0"}},
                     {.name = "one point", .x = {80}, .y = {45}}}};
}

}  // namespace

TEST(Chart, ItsNumbersAndBothPicturesAreWritten) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  const ScratchFolder folder;
  EXPECT_TRUE(draw_chart(example(), folder / "a"));
  EXPECT_EQ(read_text(folder / "a.png").substr(1, 3), "PNG");
  const std::string drawing = read_text(folder / "a.svg");
  EXPECT_TRUE(drawing.starts_with("<?xml"));
  for (const char* text : {"masks_p", "one point", "p=0", "robust", "`false`"}) {
    EXPECT_NE(drawing.find(text), std::string::npos) << text;
  }
}

TEST(Chart, LabelsNearTheRightEdgeStandToTheLeftOfTheirPoints) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  const ScratchFolder folder;
  const Series two{.name = "s", .x = {0, 10}, .y = {0, 1}, .labels = {"first", "last"}};
  EXPECT_TRUE(draw_chart({"title", "x", "y", {two}}, folder / "a"));
  const std::string drawing = read_text(folder / "a.svg");
  const auto anchor = [&](const char* label) {  // of the group that holds the text
    const std::size_t group = drawing.rfind("text-anchor=\"", drawing.find(label));
    return drawing.substr(group + 13, drawing.find('"', group + 13) - group - 13);
  };
  EXPECT_EQ(anchor("first"), "start");
  EXPECT_EQ(anchor("last"), "end");
}

TEST(Chart, BarsAlongBothAxesAreDrawn) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  const ScratchFolder folder;
  Series series{.name = "s", .x = {10, 20}, .y = {1, 2}, .low = {0, 1}, .high = {2, 3}};
  EXPECT_TRUE(draw_chart({"title", "x", "y", {series}}, folder / "a"));
  series.x_low = {5, 15}, series.x_high = {15, 25};
  EXPECT_TRUE(draw_chart({"title", "x", "y", {series}}, folder / "b"));
  const auto reaches_25 = [&](const char* name) {  // the axis, and so the bar
    return read_text(folder / name).find(" 25<") != std::string::npos;
  };
  EXPECT_FALSE(reaches_25("a.svg"));
  EXPECT_TRUE(reaches_25("b.svg"));
  EXPECT_EQ(read_csv(folder / "b.csv").rows[0], CsvRow({"s", "10", "1", "0", "2", "", "5", "15"}));
}

TEST(Chart, WithoutGnuplotTheNumbersAreStillWritten) {
  const ScratchFolder folder;
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  testing::internal::CaptureStderr();
  const bool drawn = draw_chart(example(), folder / "a");
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_FALSE(drawn);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("apt install gnuplot-nox"),
            std::string::npos);
  EXPECT_EQ(folder.files(), 1);
  EXPECT_EQ(read_csv(folder / "a.csv").rows[3],
            CsvRow({"one point", "80", "45", "", "", "", "", ""}));
}

TEST(Chart, TextIsNeverExecuted) { EXPECT_EQ(gnuplot_quoted("it's `a`\n$x"), "'it''s `a` $x'"); }

}  // namespace robmask::test
