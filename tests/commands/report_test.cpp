// The page that report writes: its figures, its safety, and what it refuses.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

#include "data/decode.h"
#include "data/files/safetensors.h"
#include "engine/backend.h"
#include "tests/cli/command_line.h"
#include "tests/files/scratch.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/examiner.h"
#include "tools/robmask/options/resolve.h"
#include "tools/robmask/report/figures.h"
#include "tools/robmask/report/maps.h"
#include "tools/robmask/report/run_files.h"
#include "tools/robmask/report/samples.h"
#include "tools/robmask/report/thumbnail.h"
#include "tools/robmask/session.h"
#include "training/evaluator.h"

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

  static ReportSettings settings(std::vector<std::string> arguments) {
    for (const char* word :
         {"report", "--mask=1,0,0.5,1", "--limit-test=12", "--images=3", "--attack-steps=3",
          "--eps=4/255", "--device=cpu", "--threads=2", "--quiet"})
      arguments.emplace_back(word);
    std::ranges::rotate(arguments, std::ranges::find(arguments, "report"));
    auto s = parsed<ReportSettings>(arguments);
    resolve(s, "cpu");
    return s;
  }

  /// Writes a page and returns it; what is printed is left aside.
  static std::string page_of(const std::vector<std::string>& arguments) {
    const ReportSettings s = settings(arguments);
    testing::internal::CaptureStdout();
    const int code = run_report(s);
    testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, 0);
    return read_text(s.common.out);
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
  const ReportSettings s = settings({run.string()});
  const LoadedModel from = load_model(run, backend("cpu"), DType::f32, {});
  const Images images(backend("cpu"), load_dataset("synthetic", {.limit_test = 12}).test);
  const Evaluator evaluator(*from.model, images, 128, 0);
  const AttackPlan plan = pgd_plan(s.attack, 4.0 / 255);

  ASSERT_EQ(figures["results"].size(), 3u);
  Index broken = 0;
  for (std::size_t m = 0; m < 3; ++m) {
    const double p = 0.5 * static_cast<double>(m);
    const std::vector<bool> clean = evaluator.clean(p);
    std::vector<std::int32_t> correct;
    for (std::size_t i = 0; i < clean.size(); ++i)
      if (clean[i]) correct.push_back(static_cast<std::int32_t>(i));
    const auto robust =
        std::ranges::count(evaluator.attack(p, plan, correct), true, &Verdict::robust);
    const Json& result = figures["results"][m];
    broken += static_cast<Index>(correct.size()) - robust;
    EXPECT_EQ(result["mask"], p);
    EXPECT_EQ(result["n"], 12);
    EXPECT_DOUBLE_EQ(result["clean_accuracy"], static_cast<double>(correct.size()) / 12);
    EXPECT_DOUBLE_EQ(result["robust_accuracy"], static_cast<double>(robust) / 12);

    const Json& seen = figures["samples"]["masks"][m]["images"];
    ASSERT_EQ(seen.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(seen[i]["clean"][0][0] == figures["samples"]["images"][i]["label"], clean[i]);
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
  message_of<RunError>([&] { run_report(settings({run.string()})); });
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
  const ReportSettings without = settings({file.string()});
  const std::string line = message_of<InputError>([&] { run_report(without); });
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
  ReportSettings both = settings({l2.string(), linf.string(), "--out=" + out.string()});
  both.eps = {2, "2"};
  testing::internal::CaptureStdout();
  const std::string line = message_of<InputError>([&] { run_report(both); });
  testing::internal::GetCapturedStdout();
  EXPECT_NE(line.find("--eps: expected at most 1"), std::string::npos) << line;
  EXPECT_FALSE(std::filesystem::exists(out.string() + ".journal"));
  both.runs = {l2.string()};
  EXPECT_EQ(evaluation_of(both, l2.string(), read_run(l2)).eps.front().value, 2);
}

TEST_F(Report, NeedsAPlaceForThePageOfSeveralRuns) {
  EXPECT_NE(refusal({"report", "a", "b"}).find("--out"), std::string::npos);
  EXPECT_NE(refusal({"report"}).find("runs"), std::string::npos);
  EXPECT_EQ(parsed<ReportSettings>({"report", "a", "--quiet", "b", "--out", "c"}).runs,
            (std::vector<std::string>{"a", "b"}));
}

/// A network of two masks that both follow the image, and images of which it gets all but one right
/// at p = 0.
class Samples : public testing::Test {
 protected:
  static constexpr Index count = 8;

  Samples() {
    for (const Entry& e : model_.entries()) {
      if (e.role != Role::mask_weight) continue;
      model_.machine().fill(e.variable.value().images(0, 1), 2);
      model_.machine().fill(e.variable.value().images(1, 1), 1.5);
    }
    Split split = load_dataset("synthetic", {.limit_test = count}).test;
    std::vector<std::int32_t> all(count);
    std::iota(all.begin(), all.end(), 0);
    const Images unlabelled(model_.machine(), split);
    const auto classes = classes_of(Evaluator(model_, unlabelled, count, 0).logits(0, all));
    split.labels.assign(classes.begin(), classes.end());
    split.labels[2] = (split.labels[2] + 1) % 10;
    images_ = std::make_unique<Images>(model_.machine(), split);
  }

  /// The bytes of a picture in the page, by a decoder of their own.
  std::vector<std::uint8_t> pixels_of(const Json& uri) const {
    const std::string letters = uri.get<std::string>().substr(std::string(head).size());
    std::string bytes;
    for (unsigned bits = 0, have = 0; const char letter : letters.substr(0, letters.find('='))) {
      const bool lower = letter >= 'a' && letter <= 'z', upper = letter >= 'A' && letter <= 'Z';
      const int digit = upper           ? letter - 'A'
                        : lower         ? letter - 'a' + 26
                        : letter == '+' ? 62
                        : letter == '/' ? 63
                                        : letter - '0' + 52;
      bits = bits << 6 | static_cast<unsigned>(digit);
      if ((have += 6) >= 8) bytes += static_cast<char>(bits >> (have -= 8) & 255);
    }
    test::put(folder_ / "picture.png", bytes);
    return decode_image(folder_ / "picture.png").pixels;
  }
  static int farthest(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    int most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
  }
  static Index class_of(const Tensor& logits) { return classes_of(logits).at(0); }
  static std::vector<std::uint8_t> bytes_of(const Tensor& image) {
    std::vector<std::uint8_t> bytes;
    for (const double v : image.to_doubles())
      bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * v)));
    return bytes;
  }

  static constexpr const char* head = "data:image/png;base64,";
  const Model model_{backend("cpu"), DType::f32, {.name = "resnet18", .width = 4, .masks = 2}, 3};
  std::unique_ptr<Images> images_;
  test::ScratchFolder folder_;
};

TEST_F(Samples, ShowEachImageBesideItsOwnOriginalWithItsOwnVerdict) {
  const Evaluator evaluator(model_, *images_, count, 0);
  const double eps = 4.0 / 255;
  const AttackPlan plan{.attack = AttackName::pgd, .eps = eps, .step_size = eps / 2, .steps = 4};
  const Json samples = sample_json(model_, *images_, plan, {0, 1}, count, count, 0);
  Index robust = 0, broken = 0, wrong = 0;
  for (const Json& mask : samples["masks"]) {
    const double p = mask["p"];
    for (std::int32_t id = 0; id < count; ++id) {
      SCOPED_TRACE(fmt::format("image {} at p = {}", id, p));
      const Json &seen = mask["images"][id], &attacked = seen["attacked"];
      const std::vector<std::int32_t> alone{id};  // no other image can take its place
      const auto before = bytes_of(images_->batch(DType::f32, alone).images);
      const Index label = images_->split().labels[id], clean = class_of(evaluator.logits(p, alone));
      EXPECT_EQ(samples["images"][id]["label"], label);
      EXPECT_EQ(pixels_of(samples["images"][id]["picture"]), before);
      EXPECT_EQ(seen["clean"][0][0], clean);
      EXPECT_EQ(attacked.is_null(), clean != label);
      if (clean != label) {
        ++wrong;
        continue;
      }
      PerImage<Tensor> handed_out;
      const Verdict verdict = evaluator.attack(p, plan, alone, {.adversarial = &handed_out})[0];
      const Variable x_adv(handed_out.at(id));
      const auto shown = pixels_of(attacked["picture"]);
      EXPECT_EQ(shown, bytes_of(x_adv.value()));
      EXPECT_LE(farthest(shown, before), 4);  // ε in bytes
      EXPECT_EQ(attacked["likely"][0][0],
                class_of(model_.logits(x_adv, model_.eval(1, p)).value()));
      EXPECT_EQ(attacked["likely"][0][0] == label, verdict.robust);
      (verdict.robust ? robust : broken) += 1;
    }
  }
  EXPECT_GT(robust, 1);
  EXPECT_GT(broken, 1);
  EXPECT_GT(wrong, 0);
}

TEST(Maps, SayWhatBecameOfEachSinceTheFirstMask) {
  Backend& machine = backend("cpu");
  ModelSpec spec;
  spec.width = 4;
  spec.masks = 2;
  const Model model(machine, DType::f32, spec, 3);
  for (const Entry& e : model.entries())
    if (e.role == Role::mask_weight) machine.fill(e.variable.value().images(1, 1), 2);
  const Tensor image(machine, {1, 32, 32, 3}, DType::f32);
  machine.fill(image, 0.75);
  const std::vector<Json> masks = map_json(model, image, {0, 0.25, 1});
  Index seen = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    const bool black = masks[0]["means"][c] == 0;
    EXPECT_EQ(masks[0]["fates"][c], black ? "dead" : "");
    EXPECT_EQ(masks[1]["fates"][c], black ? "dead" : "");
    EXPECT_EQ(masks[2]["fates"][c], black ? "dead" : "magnified");
    seen += !black;
  }
  EXPECT_GT(seen, 0);
  EXPECT_LT(seen, 4);
}

TEST(Thumbnail, WritesBytesAsLettersOfRfc4648) {
  const auto coded = [](std::string_view text) { return base64(std::as_bytes(std::span(text))); };
  EXPECT_EQ(coded(""), "");
  EXPECT_EQ(coded("f"), "Zg==");
  EXPECT_EQ(coded("fo"), "Zm8=");
  EXPECT_EQ(coded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(coded("\xff\xfe\xfd"), "//79");
}

TEST(Thumbnail, ShrinksLargeImagesAndRepeatsGrey) {
  const std::vector<double> grey(128 * 64, 0.5);
  const Picture small = thumbnail(grey, 128, 64, 32);
  EXPECT_EQ(small.height, 32);
  EXPECT_EQ(small.width, 16);
  EXPECT_EQ(small.rgb, std::vector<std::uint8_t>(32 * 16 * 3, 128));
  EXPECT_EQ(thumbnail(std::vector{2.0, -1.0, 0.0}, 1, 1).rgb,
            (std::vector<std::uint8_t>{255, 0, 0}));
}

}  // namespace
}  // namespace robmask
