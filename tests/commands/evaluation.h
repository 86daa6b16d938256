#pragma once
// Evaluations of a small network that was trained for them, by the binary.

#include <memory>

#include "data/files/json.h"
#include "data/files/safetensors.h"
#include "tests/commands/binary.h"

namespace robmask {

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

  inline static std::unique_ptr<test::ScratchFolder> trained_;
};

}  // namespace robmask
