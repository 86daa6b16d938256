#include "data/files/chart.h"

#include <cmath>
#include <cstdlib>
#include <regex>

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

TEST(Chart, CoincidingPointsShareOneLabel) {
  const Series masks{.name = "RobMask",
                     .x = {10, 20, 72, 72.1},
                     .y = {90, 80, 73, 73},
                     .labels = {"p = 0", "p = 0.5", "p = 0.75", "p = 1"}};
  std::vector<std::string> texts;
  for (const PointLabel& label : place_labels({"", "", "", {masks}})) texts.push_back(label.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"p = 0", "p = 0.5", "p = 0.75, 1"}));
}

TEST(Chart, LabelsOfNearPointsStandApart) {
  const Series ends{.name = "a", .x = {0, 100}, .y = {0, 100}},
      lower{.name = "b", .x = {50}, .y = {50}, .labels = {"first"}},
      upper{.name = "c", .x = {50}, .y = {52}, .labels = {"second"}};
  const std::vector<PointLabel> labels = place_labels({"", "", "", {ends, lower, upper}});
  ASSERT_EQ(labels.size(), 2u);
  const double between = 0.02 * 24;  // the points, of a chart of 24 lines
  const bool apart = labels[0].left != labels[1].left ||
                     std::abs(labels[1].rise + between - labels[0].rise) >= 0.7;
  EXPECT_TRUE(apart) << labels[0].rise << " and " << labels[1].rise;
}

TEST(Chart, FewWholeNumbersHaveNoTicksBetween) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  const ScratchFolder folder;
  const Series whole{.name = "s", .x = {0, 1, 2}, .y = {0, 10, 20}},
      half{.name = "s", .x = {0, 0.5, 2}, .y = {0, 10, 20}}, one{.name = "s", .x = {0}, .y = {5}};
  const auto has = [&](const Series& series, const std::string& tick) {
    EXPECT_TRUE(draw_chart({"title", "epoch", "y", {series}}, folder / "a"));
    return read_text(folder / "a.svg").find(" " + tick + "<") != std::string::npos;
  };
  EXPECT_TRUE(has(whole, "1"));
  EXPECT_FALSE(has(whole, "0.5"));
  EXPECT_TRUE(has(half, "0.5"));
  EXPECT_TRUE(has(one, "0"));
  EXPECT_FALSE(has(one, "-1"));
}

TEST(Chart, OfTwoSeriesThatCoincideTheFirstIsSeenAroundTheSecond) {
  const Series a{.name = "a", .x = {0, 1}, .y = {3, 4}}, b{.name = "b", .x = {0, 1}, .y = {3, 4}};
  const std::string script = chart_script({"", "", "", {a, b}});
  std::smatch found;
  const std::regex look(
      "pointtype (\\d+) pointsize ([0-9.]+)[^\n]*pointtype (\\d+) pointsize "
      "([0-9.]+)");
  ASSERT_TRUE(std::regex_search(script, found, look)) << script;
  EXPECT_EQ(std::stoi(found[1]) % 2, 0);  // gnuplot's hollow marks have even numbers
  EXPECT_EQ(std::stoi(found[3]) % 2, 0);
  EXPECT_NE(found[1], found[3]);
  EXPECT_GT(std::stod(found[2]), std::stod(found[4]));
}

TEST(Chart, CitedNumbersAreDashedInTheColourOfTheirSeries) {
  const Series other{.name = "other", .x = {0, 1}, .y = {1, 2}},
      ours{.name = "ours", .x = {0, 1}, .y = {3, 4}},
      papers{.name = "paper: ours", .x = {0, 1}, .y = {5, 6}, .cited = true};
  const std::string script = chart_script({"", "", "", {other, ours, papers}});
  const auto part = [&](const std::string& name, const std::string& expression) {
    std::smatch found;
    const std::string plot = script.substr(script.find("plot ")),
                      before = plot.substr(0, plot.find("title '" + name + "'"));
    const std::string line = before.substr(before.rfind(" $series"));
    return std::regex_search(line, found, std::regex(expression)) ? found[1].str() : "";
  };
  const std::string colour = "rgb '(#\\w+)'", dashes = "dashtype (\\d)";
  EXPECT_EQ(part("paper: ours", colour), part("ours", colour));
  EXPECT_NE(part("other", colour), part("ours", colour));
  EXPECT_EQ(part("ours", dashes), "1");
  EXPECT_EQ(part("paper: ours", dashes), "2");
}

TEST(Chart, EveryColourOfADrawingHasOneForADarkPage) {
  if (!run_gnuplot("print 1").complaint.empty()) GTEST_SKIP() << "gnuplot is not installed";
  const ScratchFolder folder;
  EXPECT_TRUE(draw_chart(example(), folder / "a"));
  const std::string drawing = read_text(folder / "a.svg");
  const std::size_t end = drawing.find("</style>");
  ASSERT_NE(end, std::string::npos);
  const std::string style = drawing.substr(0, end), rest = drawing.substr(drawing.find("</defs>"));
  EXPECT_NE(style.find("@media (prefers-color-scheme: dark)"), std::string::npos);
  EXPECT_NE(drawing.find("height=\"600\" fill=\"#ffffff\""), std::string::npos) << "the ground";
  EXPECT_NE(style.find("[fill=\"#ffffff\"]"), std::string::npos);
  const std::regex coloured("(fill|stroke|color)=['\"](rgb\\([^)]*\\)|#[0-9a-f]+)['\"]");
  int seen = 0;
  for (std::sregex_iterator i(rest.begin(), rest.end(), coloured), none; i != none; ++i, ++seen)
    EXPECT_NE(style.find("[" + (*i)[1].str() + "=\"" + (*i)[2].str() + "\"]"), std::string::npos)
        << (*i)[0];
  EXPECT_GT(seen, 10);
}

TEST(Chart, TextIsNeverExecuted) { EXPECT_EQ(gnuplot_quoted("it's `a`\n$x"), "'it''s `a` $x'"); }

}  // namespace robmask::test
