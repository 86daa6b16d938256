// robmask evaluate: clean and robust accuracy of a checkpoint.

#include "tools/robmask/evaluation_report.h"
#include "tools/robmask/options/command.h"

namespace robmask {

namespace {

class Evaluate final : public Command {
 public:
  CommonSettings& common() override { return s_.common; }
  bool shares_work() const override { return true; }
  void add_options(Options& o) override { robmask::add_options(o, s_); }
  std::set<std::string> unused() override { return unused_by_attacks(s_); }

  void check() override {
    check_evaluation(s_);
    require(!s_.transfers() || s_.robustbench_json.empty(),
            "--robustbench-json: expected attacks on the model itself, got a transfer: leave out "
            "--source and --source-mask");
  }

  void resolve() override { follow_data(s_.common, s_.from); }

  int run() override {
    const bool other = !s_.source.empty();
    EvaluationReport report(
        s_, s_.from,
        {{"weights", weights_identity(s_.from)},
         {"source-weights", other ? Json(weights_identity(s_.source, "source")) : Json()}});
    const LoadedModel model = report.load(s_.from);
    std::optional<LoadedModel> source;
    if (other) source = report.load(s_.source);
    report.run([&] { report.judge(model, {}, source ? &*source : nullptr); });
    return 0;
  }

 private:
  EvaluationSettings s_;
};

}  // namespace

std::unique_ptr<Command> evaluate() { return std::make_unique<Evaluate>(); }

}  // namespace robmask
