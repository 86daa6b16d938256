// robmask evaluate from end to end, on a small network trained for it.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <set>
#include <thread>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "data/files/npy.h"
#include "data/files/safetensors.h"
#include "tests/commands/binary.h"

namespace robmask {
namespace {

class Evaluate : public Binary {
 protected:
  /// Two masks of width 4 that have learned a little of the synthetic images; trained once.
  static void SetUpTestSuite() {
    const char* binary = std::getenv("ROBMASK");
    if (binary == nullptr) return;
    trained_ = std::make_unique<test::ScratchFolder>();
    const std::string train = fmt::format(
        "'{}' train --method robmask --attack-steps 2 --width 4 --limit-train 480 --limit-test 20 "
        "--epochs 3 --batch 32 --threads 1 --device cpu --quiet --out '{}' >/dev/null",
        binary, model().string());
    ASSERT_EQ(std::system(train.c_str()), 0);
  }
  static void TearDownTestSuite() { trained_.reset(); }
  static Path model() { return *trained_ / "run"; }

  std::string command(const std::string& options, const Path& from = model()) const {
    return fmt::format(
        "evaluate --device cpu --threads 1 --json --quiet --limit-test 40 --from '{}' --out '{}' "
        "{}",
        from.string(), folder_.path().string(), options);
  }
  Json evaluate(const std::string& options, const Path& from = model()) const {
    const Result result = run(command(options, from));
    EXPECT_EQ(result.code, 0) << result.errors;
    return parse_json(result.output, "evaluate " + options);
  }
  /// The model with some tensors changed: f(name, values).
  template <class F>
  Path changed(const F& f) const {
    SafeTensors file = read_safetensors(model() / "model.safetensors");
    for (NamedTensor& t : file.tensors) {
      if (t.tensor.type != ElementType::f32) continue;
      std::vector<float> values = t.tensor.to<float>();
      f(t.name, values);
      t.tensor = host_tensor(t.tensor.shape, values);
    }
    write_safetensors(folder_ / "changed", file);
    return folder_ / "changed";
  }
  static std::set<std::string> checks_of(const Json& report) {
    std::set<std::string> checks;
    for (const Json& w : report["warnings"]) checks.insert(w["check"].get<std::string>());
    return checks;
  }
  /// A report without what may differ from run to run.
  static Json timeless(Json report) {
    for (Json& r : report["results"]) {
      r.erase("seconds");
      if (r.contains("stages"))
        for (Json& stage : r["stages"]) stage.erase("seconds");
    }
    return report;
  }

  /// Runs an evaluation that fails after its last batch; returns the journal that it leaves.
  std::string interrupted(const std::string& evaluation) const {
    const std::string failing = fmt::format("'{}' {} >/dev/full 2>/dev/null", binary_, evaluation);
    EXPECT_EQ(WEXITSTATUS(std::system(failing.c_str())), 1);
    return text_of(folder_ / "evaluation.journal");
  }

  static std::unique_ptr<test::ScratchFolder> trained_;
};
std::unique_ptr<test::ScratchFolder> Evaluate::trained_;

TEST_F(Evaluate, ReportsEveryCombinationItsClassesItsPairsAndTheWorstCase) {
  const Json report =
      evaluate("--mask 0,1 --attack clean,fgsm,pgd --eps 0,8/255 --attack-steps 3 --checks off");
  const Json& results = report["results"];
  ASSERT_EQ(results.size(), 12u);
  for (const Json& r : results) {
    Index n = 0;
    double robust = 0;
    for (const Json& c : r["per_class"]) {
      n += c["n"].get<Index>();
      robust += c["robust_accuracy"].get<double>() * c["n"].get<double>();
    }
    EXPECT_EQ(n, 40);
    EXPECT_NEAR(robust / 40, r["robust_accuracy"].get<double>(), 1e-12);
    const bool idle = r["eps"] == "0" || r["attack"] == "clean";
    EXPECT_TRUE(!idle || r["robust_accuracy"] == r["clean_accuracy"]);
    EXPECT_EQ(r.contains("paired_masks"), r["mask"] == 1.0);
  }
  ASSERT_EQ(report["worst_case"].size(), 4u);
  for (const Json& worst : report["worst_case"]) {
    EXPECT_EQ(worst["attacks"], (Json{"fgsm", "pgd"}));
    for (const Json& r : results)
      EXPECT_TRUE(r["mask"] != worst["mask"] || r["eps"] != worst["eps"] ||
                  worst["robust_accuracy"] <= r["robust_accuracy"]);
  }
}

TEST_F(Evaluate, PrintsAGridOfMasksAndStrengthsAndATableOfClasses) {
  const Result result =
      run(fmt::format("evaluate --threads 1 --quiet --limit-test 16 --from '{}' --out '{}' --mask "
                      "0,1 --attack fgsm,pgd "
                      "--eps 4/255,8/255 --attack-steps 5 --per-class",
                      model().string(), folder_.path().string()));
  ASSERT_EQ(result.code, 0) << result.errors;
  for (const char* part : {"mask p    clean    4/255    8/255", "worst case", "McNemar", "class,"})
    EXPECT_NE(result.output.find(part), std::string::npos) << part << "\n" << result.output;
}

TEST_F(Evaluate, ReusingWhatASmallerStrengthBrokeOnlyLowersAccuracy) {
  const std::string options = "--mask 1 --eps 8/255,2/255,4/255 --attack-steps 3 --checks off";
  const Json plain = evaluate(options), reused = evaluate(options + " --reuse-broken");
  double last = 1;
  for (const Json& r : reused["results"]) {
    EXPECT_LE(r["robust_accuracy"], last);
    last = r["robust_accuracy"];
    for (const Json& other : plain["results"])
      EXPECT_TRUE(other["eps"] != r["eps"] || r["robust_accuracy"] <= other["robust_accuracy"]);
  }
  const double broken = reused["results"][1]["clean_accuracy"].get<double>() -
                        reused["results"][1]["robust_accuracy"].get<double>();
  EXPECT_EQ(reused["results"][2]["reused"], std::lround(40 * broken));
  EXPECT_FALSE(plain["results"][0].contains("reused"));
}

TEST_F(Evaluate, QuantizedImagesAreBytesInTheBallAndStillFool) {
  const Path images = folder_ / "adv.npy", rows = folder_ / "rows.csv";
  const Json report =
      evaluate(fmt::format("--mask 0 --eps 0.03 --attack-steps 5 --checks off --quantize 8 "
                           "--save-adversarial '{}' --per-image '{}'",
                           images.string(), rows.string()));
  const Json& result = report["results"][0];
  EXPECT_EQ(result["quantized"], true);
  EXPECT_LE(result["max_perturbation"].get<double>(), 7.0 / 255 + 1e-6);  // 0.03 is 7.65 levels
  EXPECT_LT(result["robust_accuracy"], result["clean_accuracy"]);
  const std::vector<float> saved = read_npy(images).to<float>();
  ASSERT_EQ(saved.size(), 40u * 3072);
  for (const float v : saved) ASSERT_EQ(v, std::round(v * 255) / 255.0f);
  const CsvTable table = read_csv(rows);
  for (const CsvRow& row : table.rows)
    EXPECT_EQ(row[table.column("robust", "")] == "1",
              row[table.column("prediction", "")] == row[table.column("label", "")]);
}

TEST_F(Evaluate, QuantizedAttacksGoOnUntilAPointSurvivesRounding) {
  const Path images = folder_ / "adv.npy";
  for (const char* attack : {"apgd-ce", "square"}) {
    const std::string options = fmt::format(
        "--mask 0 --attack {} --eps 2/255 --attack-steps 20 --queries 200 --checks off", attack);
    const Json exact = evaluate(options)["results"][0];
    const Json rounded = evaluate(fmt::format("{} --quantize 8 --save-adversarial '{}'", options,
                                              images.string()))["results"][0];
    EXPECT_NEAR(exact["robust_accuracy"].get<double>(), rounded["robust_accuracy"].get<double>(),
                0.051)
        << attack;
    EXPECT_LT(rounded["robust_accuracy"], rounded["clean_accuracy"]);
    for (const float v : read_npy(images).to<float>()) ASSERT_EQ(v, std::round(v * 255) / 255.0f);
  }
}

TEST_F(Evaluate, ATransferFromTheModelItselfIsTheAttackOnIt) {
  const std::string options =
      "--mask 0,1 --attack pgd --eps 4/255,8/255 --attack-steps 5 --restarts 2 --checks off";
  Json transfer = timeless(evaluate(options + " --source " + model().string()));
  for (Json& r : transfer["results"]) {
    EXPECT_EQ(r["source"]["file"], model().string());
    EXPECT_EQ(r["source"]["mask"], r["mask"]);
    EXPECT_EQ(r["source"]["weights"].get<std::string>().size(), 16u);
    r.erase("source");
  }
  EXPECT_EQ(transfer, timeless(evaluate(options)));
}

TEST_F(Evaluate, AnAttackOnTheMaskItselfIsNoWeakerThanOneThroughAnother) {
  for (const char* attack : {"pgd", "apgd-ce"}) {
    const std::string options =
        fmt::format("--mask 1 --attack {} --eps 8/255 --attack-steps 10 --checks off", attack);
    const Json own = evaluate(options)["results"][0],
               transfer = evaluate(options + " --source-mask 0")["results"][0];
    EXPECT_EQ(transfer["source"]["mask"], 0.0);
    EXPECT_GE(transfer["robust_accuracy"], own["robust_accuracy"]);
    EXPECT_LT(transfer["robust_accuracy"], transfer["clean_accuracy"]);
  }
}

TEST_F(Evaluate, RefusesSourcesThatCannotBe) {
  expect_refused(command("--source /nonexistent"), "--source /nonexistent");
  expect_refused(command("--source " + model_file("seven.safetensors", 7).string()), "--source");
  expect_refused(command("--source " + model_file().string() + " --source-mask 0.5"), "mask");
  expect_refused(command("--source-mask 0 --robustbench-json x.json"), "--robustbench-json");
}

TEST_F(Evaluate, LeastPerturbationsDecideAtEveryStrength) {
  const Path rows = folder_ / "rows.csv";
  const std::string options = fmt::format(
      "--limit-test 16 --mask 0 --attack cw --norm l2 --attack-steps 20 --checks off "
      "--per-image '{}' --eps ",
      rows.string());
  const auto lengths = [&](const std::string& eps) {
    evaluate(options + eps);
    const CsvTable table = read_csv(rows);
    std::vector<double> list;
    for (const CsvRow& row : table.rows)
      if (row[table.column("clean", "")] == "1")
        list.push_back(row[table.column("robust", "")] == "1"
                           ? HUGE_VAL
                           : std::stod(row[table.column("perturbation", "")]));
    return list;
  };
  const std::vector<double> least = lengths("10");
  std::vector<double> sorted = least;
  std::ranges::sort(sorted);
  ASSERT_GT(sorted.size(), 1u);
  ASSERT_LT(sorted[1], 10);
  const double eps = (sorted[0] + sorted[1]) / 2;
  std::vector<double> expected = least;
  for (double& length : expected)
    if (length > eps) length = HUGE_VAL;
  EXPECT_EQ(lengths(fmt::format("{}", eps)), expected);
}

TEST_F(Evaluate, AnInterruptEndsAnAttackThatBreaksNothingAndItsJournalIsOfItsSourceOnly) {
  const std::string options =
      "--attack fgsm,square --eps 0.01/255 --queries 1000000 --checks off --limit-test 16";
  const std::string begun = fmt::format("exec '{}' {} >/dev/null 2>&1", binary_, command(options));
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", begun.c_str(), nullptr);
    ::_exit(127);
  }
  const Path journal = folder_ / "evaluation.journal";
  for (int i = 0; i < 600 && !std::filesystem::exists(journal); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ::kill(child, SIGINT);
  int status = 0, waited = 0;
  for (; waited < 300 && ::waitpid(child, &status, WNOHANG) == 0; ++waited)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  if (waited == 300) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  expect_refused(command(options + " --resume --source " + model_file().string()),
                 "source-weights");
  expect_refused(command(options + " --resume --source-mask 1"), "source-mask");
}

TEST_F(Evaluate, RaisesNoWarningAboutASoundModel) {
  EXPECT_EQ(evaluate("--mask 0,1 --attack fgsm,pgd --attack-steps 10")["warnings"], Json::array())
      << "see docs/evaluation.md";
}

TEST_F(Evaluate, CatchesLogitsThatBlindTheAttack) {
  const Path masked = changed([](const std::string& name, std::vector<float>& values) {
    if (name.starts_with("linear."))
      for (float& v : values) v *= 1e4f;
  });
  const std::string pgd = "--mask 1 --attack-steps 10 --start zero";
  EXPECT_GT(evaluate(pgd, masked)["results"][0]["robust_accuracy"],
            evaluate(pgd)["results"][0]["robust_accuracy"]);
  EXPECT_TRUE(checks_of(evaluate(pgd, masked)).contains("zero-gradients"));
  EXPECT_TRUE(checks_of(evaluate(pgd + " --checks off", masked)).empty());
}

TEST_F(Evaluate, CatchesASaturatedFirstLayerAndAConstantClassifier) {
  const Path saturated = changed([](const std::string& name, std::vector<float>& values) {
    if (name == "bn1.bias" || name == "bn1.mask.1.bias") std::ranges::fill(values, -1e3f);
  });
  const auto found = checks_of(evaluate("--mask 0 --attack-steps 5", saturated));
  EXPECT_TRUE(found.contains("chance"));
  EXPECT_TRUE(found.contains("zero-gradients"));
  const Path constant = changed([](const std::string& name, std::vector<float>& values) {
    if (name == "linear.weight") std::ranges::fill(values, 0.0f);
  });
  EXPECT_TRUE(checks_of(evaluate("--mask 0 --attack clean", constant)).contains("chance"));
}

TEST_F(Evaluate, WarnsOfStepsThatCannotCrossTheBall) {
  for (const char* attack : {"pgd", "cw"})
    EXPECT_EQ(checks_of(evaluate(fmt::format("--mask 1 --attack {} --attack-steps 2", attack))),
              std::set<std::string>{"reach"});
}

TEST_F(Evaluate, WritesAnEntryOfRobustBench) {
  const Path entry = folder_ / "entry.json";
  const Json report =
      evaluate("--mask 1 --attack-steps 5 --checks off --robustbench-json " + entry.string());
  const Json json = read_json(entry);
  EXPECT_EQ(json["eps"], "8/255");
  EXPECT_EQ(json["architecture"], "ResNet-18 (width 4)");
  EXPECT_EQ(json["autoattack_acc"], "");
  const std::string autoattack =
      "--mask 1 --attack autoattack --attack-steps 1 --queries 1 --eps 0 --checks off "
      "--robustbench-json ";
  evaluate(autoattack + entry.string());
  EXPECT_EQ(read_json(entry)["autoattack_acc"], "");
  evaluate("--mask 1 --attack autoattack --eps 0 --checks off --robustbench-json " +
           entry.string());
  EXPECT_NE(read_json(entry)["autoattack_acc"], "");
  EXPECT_EQ(json["clean_acc"],
            fmt::format("{:.2f}", 100 * report["results"][0]["clean_accuracy"].get<double>()));
}

TEST_F(Evaluate, MeasuresCorruptions) {
  std::vector<std::uint8_t> bytes(10 * 3072, 128);
  const Path images = folder_ / "CIFAR-10-C";
  std::filesystem::create_directory(images);
  write_npy(images / "fog.npy", host_tensor({10, 32, 32, 3}, bytes));
  write_npy(images / "snow.npy", host_tensor({10, 32, 32, 3}, bytes));
  // Gray images are all of one class: of two at each severity, one has the right label.
  std::vector<std::int32_t> labels(10);
  const auto with_labels = [&](std::int32_t label) {
    for (std::size_t i = 0; i < labels.size(); ++i)
      labels[i] = i % 2 == 0 ? label : (label + 1) % 10;
    write_npy(images / "labels.npy", host_tensor({10}, labels));
    return evaluate("--mask 0 --attack clean --checks off --corruptions " + images.string());
  };
  double sum = 0;
  for (std::int32_t label = 0; label < 10; ++label) {
    const Json report = with_labels(label)["corruptions"][0];
    EXPECT_EQ(report["n"], 2);
    EXPECT_EQ(report["corruptions"].size(), 2u);
    sum += report["mean_accuracy"].get<double>();
  }
  EXPECT_DOUBLE_EQ(sum, 1.0);
}

TEST_F(Evaluate, KilledAtAnyMomentItResumesToTheSameReportAndTheSameImages) {
  const auto options = [&](const std::string& name) {
    return fmt::format(
        "--mask 1 --attack autoattack --eps 4/255 --attack-steps 6 --queries 40 --targets 2 "
        "--batch 4 "
        "--checks off --save-adversarial '{}' --per-image '{}'",
        (folder_ / (name + ".npy")).string(), (folder_ / (name + ".csv")).string());
  };
  const auto began = std::chrono::steady_clock::now();
  const Json whole = timeless(evaluate(options("whole")));
  const auto took = std::chrono::steady_clock::now() - began;
  bool interrupted = false;
  for (int kill = 0; kill < 3; ++kill) {
    const std::string resumed = fmt::format("exec '{}' {} >/dev/null 2>&1", binary_,
                                            command(options("killed") + " --resume"));
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/bin/sh", "sh", "-c", resumed.c_str(), nullptr);
      ::_exit(127);
    }
    std::this_thread::sleep_for(took * 3 / 10);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    interrupted |= std::filesystem::exists(folder_ / "evaluation.journal");
  }
  EXPECT_TRUE(interrupted);
  EXPECT_EQ(timeless(evaluate(options("killed") + " --resume")), whole);
  for (const char* kind : {".npy", ".csv"})
    EXPECT_EQ(text_of(folder_ / (std::string("killed") + kind)),
              text_of(folder_ / (std::string("whole") + kind)))
        << kind;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.journal"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.images"));
}

TEST_F(Evaluate, RefusesTheJournalOfAnotherModelOrOtherSettings) {
  std::ofstream(folder_ / "evaluation.journal")
      << R"({"evaluation":{"weights":"0123456789abcdef"}})" << '\n';
  expect_refused(command("--resume"), "weights");
  EXPECT_EQ(run(command("--attack clean")).code, 0);
}

TEST_F(Evaluate, RefusesAJournalThatWasMeddledWith) {
  const Path journal = folder_ / "evaluation.journal";
  const std::string options = "--mask 1 --attack pgd --attack-steps 2 --checks off";
  const std::string header = interrupted(command(options));
  const auto second = header.find('\n') + 1;
  Json line = parse_json(header.substr(second, header.find('\n', second) - second), "line 2");
  for (const char* entry :
       {R"({"seconds":1,"images":[[4000,true,"clean",-1,-1,0.0,3]]})",
        R"({"seconds":1,"images":[[-1,true,"clean",-1,-1,0.0,3]]})",
        R"({"seconds":1,"images":[[0,true,"magic",-1,-1,0.0,3]]})",
        R"({"seconds":1,"images":[[0,true]]})", R"({"seconds":"1","images":[]})", "[[0]]", "3"}) {
    line["entry"] = parse_json(entry, entry);
    std::filesystem::remove(journal);
    test::put(journal, header.substr(0, second) + line.dump() + "\n");
    expect_refused(command(options + " --resume"), "evaluation.journal");
  }
}

TEST_F(Evaluate, RefusesAJournalOfOtherImagesBehindTheSameName) {
  const Path file = folder_ / "test_batch.bin";
  const std::string evaluation =
      command(fmt::format("--mask 1 --attack pgd --attack-steps 1 --checks off --data cifar10:{}",
                          folder_.path().string()));
  std::string images;
  for (char label = 0; label < 10; ++label) images += label + std::string(3072, '\x40');
  test::put(file, images);
  EXPECT_FALSE(interrupted(evaluation).empty());
  images.back() = '\x41';
  test::put(file, images);
  expect_refused(evaluation + " --resume", "pixels and labels");
}

TEST_F(Evaluate, KeepsNoImagesForOneThatDoesNotWantThem) {
  const std::string evaluation = command("--mask 1 --attack pgd --attack-steps 1 --checks off");
  interrupted(evaluation);
  expect_refused(evaluation + " --resume --save-adversarial " + (folder_ / "x.npy").string(),
                 "keeps images");
}

TEST_F(Evaluate, SaysAtTheStartThatAnOutputCannotBeWritten) {
  for (const char* option : {"per-image", "save-adversarial", "robustbench-json"})
    expect_refused(command(fmt::format("--attack pgd --{} /nonexistent/file", option)), option);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evaluation.journal"));
}

TEST_F(Evaluate, ReportsWhatRanAndNothingThatTheAttackHasNot) {
  const Json report = evaluate(
      "--mask 1 --attack pgd,apgd-t,square,autoattack --attack-steps 2 --queries 3 --checks off");
  const auto of = [&](std::size_t i, const char* name) {
    return report["results"][i].value(name, Json("none"));
  };
  EXPECT_EQ(of(0, "start"), "random");
  EXPECT_EQ(of(0, "pgd_keep"), "last");
  EXPECT_EQ(of(0, "queries"), "none");
  EXPECT_EQ(of(1, "targets"), 9);
  for (const std::size_t i : {1, 2, 3}) EXPECT_TRUE(of(i, "step_size").is_null());
  EXPECT_TRUE(of(2, "steps").is_null());
  EXPECT_EQ(of(2, "queries"), 3);
  EXPECT_EQ(of(2, "aa_version"), "none");
  EXPECT_EQ(of(3, "aa_version"), "standard");
  EXPECT_EQ(of(3, "steps"), 2);
  double seconds = 0;
  for (const Json& stage : report["results"][3]["stages"])
    seconds += stage["seconds"].get<double>();
  EXPECT_GT(seconds, 0);
  EXPECT_LE(seconds, of(3, "seconds").get<double>());
}

TEST_F(Evaluate, SaysThatItAimsAtFewerClassesThanItWasAskedTo) {
  std::string images;
  for (char label = 0; label < 5; ++label) images += label + std::string(3072, '\x40');
  test::put(folder_ / "test_batch.bin", images);
  const Result result = run(fmt::format(
      "evaluate --from '{}' --threads 1 --attack fab-t --attack-steps 1 --data cifar10:{}",
      model_file("five", 5).string(), folder_.path().string()));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("--targets 9: the model has 5 classes"), std::string::npos)
      << result.errors;
}

TEST_F(Evaluate, SquareNeedsNoSteps) {
  const std::string options = "--mask 1 --attack square --queries 60 --eps 16/255 --checks off ";
  const Json none = evaluate(options + "--attack-steps 0")["results"][0];
  EXPECT_LT(none["robust_accuracy"], none["clean_accuracy"]);
  EXPECT_EQ(none["robust_accuracy"], evaluate(options)["results"][0]["robust_accuracy"]);
}

}  // namespace
}  // namespace robmask
