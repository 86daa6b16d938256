// The page that report writes: its figures, its safety, and what it refuses.

#include <gtest/gtest.h>

#include <iostream>

#include "attacks/evaluate.h"
#include "data/files/safetensors.h"
#include "engine/backend.h"
#include "tests/cli/command_line.h"
#include "tests/files/scratch.h"
#include "tools/robmask/report/figures.h"
#include "tools/robmask/report/run_files.h"

namespace robmask {
namespace {

using test::message_of;

class Report : public testing::Test {
 protected:
  /// A run of an untrained network with two masks that differ.
  Path make_run(const std::string& name = "run") const {
    const Path run = folder_ / name;
    std::filesystem::create_directory(run);
    test::put(run / "config.json", R"({"method": "robmask", "data": "synthetic", "seed": 0})");
    test::put(run / "log.csv", "epoch,lr,train_loss,test_acc\n0,0.1,2.3,0.1\n1,0.05,2.2,\n");
    CheckpointInfo info;
    info.method = "robmask";
    info.spec.width = 4;
    info.spec.masks = 2;
    const Model model(backend("cpu"), DType::f32, info.spec, 3);
    for (const Entry& e : model.entries()) {  // large enough that logits follow the image
      if (e.role != Role::mask_weight) continue;
      model.machine().fill(e.variable.value().images(0, 1), 2);
      model.machine().fill(e.variable.value().images(1, 1), 1.5);
    }
    save_model(run / "model.safetensors", model, info);
    return run;
  }

  static CommandLine report_of(std::vector<std::string> arguments) {
    for (const char* word :
         {"report", "--mask=1,0,0.5,1", "--limit-test=12", "--images=3", "--attack-steps=3",
          "--eps=4/255", "--device=cpu", "--threads=2", "--quiet"})
      arguments.emplace_back(word);
    std::ranges::rotate(arguments, std::ranges::find(arguments, "report"));
    return resolved(arguments);
  }

  /// Writes a page and returns it; what is printed is left aside.
  static std::string page_of(const std::vector<std::string>& arguments) {
    const CommandLine report = report_of(arguments);
    testing::internal::CaptureStdout();
    const int code = report.command->run();
    testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, 0);
    return read_text(report.command->common().out);
  }

  static Json figures_of(const std::string& page) {
    const std::string open = R"(<script id="data" type="application/json">)";
    const auto first = page.find(open) + open.size();
    return parse_json(std::string_view(page).substr(first, page.find("</script>", first) - first),
                      "the page");
  }

  test::ScratchFolder folder_;
};

TEST_F(Report, HoldsWhatTheEvaluatorCounts) {
  const Path run = make_run();
  const Json figures = figures_of(page_of({run.string()}))["runs"][0];
  const LoadedModel from = load_model(run, backend("cpu"), DType::f32, {});
  const Images images(backend("cpu"), load_dataset("synthetic", {.limit_test = 12}).test);
  const LabelledImages labelled = images.labelled(DType::f32);
  const AttackPlan plan = AttackSettings{.steps = 3}.pgd(4.0 / 255);

  ASSERT_EQ(figures["results"].size(), 3u);
  Index broken = 0;
  for (std::size_t m = 0; m < 3; ++m) {
    const double p = 0.5 * static_cast<double>(m);
    const Verdicts verdicts = evaluate({.plan = plan, .attacked = from.model->at(p)}, labelled);
    const auto correct = std::ranges::count(verdicts, true, &Verdict::clean),
               robust = std::ranges::count(verdicts, true, &Verdict::robust);
    const Json& result = figures["results"][m];
    broken += correct - robust;
    EXPECT_EQ(result["mask"], p);
    EXPECT_EQ(result["n"], 12);
    EXPECT_DOUBLE_EQ(result["clean_accuracy"], static_cast<double>(correct) / 12);
    EXPECT_DOUBLE_EQ(result["robust_accuracy"], static_cast<double>(robust) / 12);

    const Json& seen = figures["samples"]["masks"][m]["images"];
    ASSERT_EQ(seen.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(seen[i]["clean"][0][0] == figures["samples"]["images"][i]["label"],
                verdicts[i].clean);
  }
  EXPECT_GT(broken, 0);
  EXPECT_EQ(figures["log"]["test_acc"], Json::parse("[0.1, null]"));
}

TEST_F(Report, IsTheSamePageEachTimeAndLeavesNothingElse) {
  const Path run = make_run();
  const std::string page = page_of({run.string()});
  EXPECT_EQ(page_of({run.string()}), page);
  EXPECT_TRUE(std::filesystem::exists(run / "report.html"));
  EXPECT_FALSE(std::filesystem::exists(run / "report.html.journal"));
}

TEST_F(Report, IsResumedWhereItCouldNotBePrinted) {
  const Path run = make_run(), journal = run / "report.html.journal";
  const std::string page = page_of({run.string()});
  std::cout.setstate(std::ios::badbit);
  message_of<RunError>([&] { report_of({run.string()}).command->run(); });
  std::cout.clear();
  EXPECT_TRUE(std::filesystem::exists(journal));
  EXPECT_EQ(page_of({run.string(), "--resume"}), page);
  EXPECT_FALSE(std::filesystem::exists(journal));
}

TEST_F(Report, LoadsNothingFromAnywhere) {
  const std::string page = page_of({make_run().string()});
  for (const char* reference :
       {"http:", "https:", "\"//", "@import", "src=\"", "fetch(", "import("})
    EXPECT_EQ(page.find(reference), std::string::npos) << reference;
  EXPECT_EQ(page.find("{{"), std::string::npos);
}

TEST_F(Report, ShowsNamesAsTextWhateverTheyHold) {
  const std::string name = "<script>\"&'{{data}}";
  const std::string page = page_of({make_run(name).string()});
  std::size_t scripts = 0;
  for (auto at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1))
    ++scripts;
  EXPECT_EQ(scripts, 2u);  // the page's own: the figures and what shows them
  EXPECT_NE(page.find("&lt;script&gt;&quot;&amp;&#39;{{data}}"), std::string::npos);
  EXPECT_EQ(figures_of(page)["runs"][0]["name"], name);
}

TEST_F(Report, PutsSeveralRunsOnOnePage) {
  const Path first = make_run("a"), second = make_run("b"), out = folder_ / "new" / "page.html";
  const Json figures =
      figures_of(page_of({first.string(), second.string(), "--out=" + out.string()}));
  ASSERT_EQ(figures["runs"].size(), 2u);
  EXPECT_EQ(figures["runs"][0]["name"], "a");
  EXPECT_EQ(figures["runs"][1]["name"], "b");
}

TEST_F(Report, SaysOfEachRunOnWhatItWasMeasured) {
  const std::string page = page_of({make_run().string()});
  EXPECT_NE(
      page.find("Accuracy at each mask: first 12 test images of synthetic, PGD-3 at ε = 4/255 "
                "(L∞)"),
      std::string::npos);
}

TEST_F(Report, TellsRunsOfOneNameByTheirPaths) {
  std::filesystem::create_directory(folder_ / "seed");
  const std::string first = make_run("x").string(), second = make_run("seed/x").string();
  EXPECT_EQ(run_names({first, make_run("y").string()}), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(run_names({first, second}), (std::vector{first, second}));
}

TEST_F(Report, TakesAWeightsFileAlone) {
  const Path file = folder_ / "blend.safetensors";
  std::filesystem::rename(make_run() / "model.safetensors", file);
  const Json run = figures_of(page_of({file.string(), "--data=synthetic"}))["runs"][0];
  EXPECT_EQ(run["name"], "blend.safetensors");
  EXPECT_EQ(run["results"].size(), 3u);
  EXPECT_TRUE(run["log"]["epoch"].empty());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "blend.html"));
  const Json inside =
      figures_of(page_of({(make_run("whole") / "model.safetensors").string()}))["runs"][0];
  EXPECT_EQ(inside["data"], "synthetic");  // as its folder's config.json says
  const CommandLine without = report_of({file.string()});
  const std::string line = message_of<InputError>([&] { without.command->run(); });
  EXPECT_NE(line.find("--data: expected the images"), std::string::npos) << line;
}

TEST_F(Report, RefusesWhatIsNoRunAndNamesWhatIsMissing) {
  const auto refusal_of = [](const Path& run) {
    return message_of<InputError>([&] { read_run(run); });
  };
  EXPECT_NE(refusal_of(folder_ / "none").find("run directory"), std::string::npos);
  for (const char* name : {"config.json", "log.csv", "model.safetensors"}) {
    const Path run = make_run(std::string("without-") + name);
    std::filesystem::remove(run / name);
    EXPECT_NE(refusal_of(run).find(std::string(name) + " is missing"), std::string::npos);
  }
  const Path run = make_run();
  test::put(run / "config.json", "[]");
  EXPECT_NE(refusal_of(run).find("config.json"), std::string::npos);
}

TEST_F(Report, RefusesAnEpsThatNoPixelCanMoveBeforeItMeasuresAnyRun) {
  const Path l2 = make_run("l2"), linf = make_run("linf"), out = folder_ / "page.html";
  SafeTensors weights = read_safetensors(l2 / "model.safetensors");
  weights.metadata["norm"] = "l2";
  write_safetensors(l2 / "model.safetensors", weights);
  const CommandLine both =
      report_of({l2.string(), linf.string(), "--out=" + out.string(), "--eps=2"});
  testing::internal::CaptureStdout();
  const std::string line = message_of<InputError>([&] { both.command->run(); });
  testing::internal::GetCapturedStdout();
  EXPECT_NE(line.find("--eps: expected at most 1"), std::string::npos) << line;
  EXPECT_FALSE(std::filesystem::exists(out.string() + ".journal"));
  ReportSettings one;
  one.eps = {2, "2"};
  EXPECT_EQ(evaluation_of(one, l2.string(), read_run(l2)).eps.front().value, 2);
}

TEST_F(Report, NeedsAPlaceForThePageOfSeveralRuns) {
  EXPECT_NE(refusal({"report", "a", "b"}).find("--out"), std::string::npos);
  EXPECT_NE(refusal({"report"}).find("runs"), std::string::npos);
  EXPECT_EQ(settings({"report", "a", "--quiet", "b", "--out", "c"})["runs"], (Json{"a", "b"}));
}

}  // namespace
}  // namespace robmask
