// robmask interpolate: p·first + (1−p)·second of γ, β and running statistics (§3.2, Table 2).

#include "tools/robmask/evaluation_report.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/outputs.h"
#include "training/interpolation.h"

namespace robmask {

namespace {

class Interpolate final : public Command {
 public:
  CommonSettings& common() override { return s_.common; }

  void add_options(Options& o) override {
    o.add("first", names_.first, "weights or run directory whose masks count p").required = true;
    o.add("second", names_.second, "weights or run directory whose masks count 1 - p").required =
        true;
    o.add("p", p_, "list of shares of the first", from_to(0, 1));
    o.add("mask", s_.mask, "list of mask strengths of the combined model, or match").choices = {
        "match"};
    o.flag("affine-only", affine_only_, "keep the first's running statistics");
    o.add("save", save_, "write one checkpoint with both masks (0: first, 1: second)");
    add_evaluation(o, s_);
  }

  void check() override { check_evaluation(s_); }
  std::set<std::string> unused() override { return unused_by_attacks(s_); }
  void resolve() override { follow_data(s_.common, names_.first); }

  int run() override {
    require_output_file("save", save_, {".safetensors"});
    EvaluationReport report(s_, names_.first,
                            {{"first", weights_identity(names_.first)},
                             {"second", weights_identity(names_.second)},
                             {"p", p_},
                             {"affine-only", affine_only_}},
                            static_cast<Index>(p_.size()));
    const LoadedModel first = report.load(names_.first), second = report.load(names_.second);
    require_alike(first, second, names_.first, names_.second);
    if (!save_.empty()) {
      const LoadedModel both = with_both_masks(first, second);
      save_model(save_, *both.model, both.info);
    }
    const LoadedModel between = report.load(names_.first);
    report.run([&] {
      for (const double p : p_) {
        blend(between, first, second, p, affine_only_);
        report.judge(between, p);
      }
    });
    return 0;
  }

 private:
  EvaluationSettings s_;
  struct {
    std::string first, second;
  } names_;  // of the models' files
  std::vector<double> p_{0, 0.25, 0.5, 0.75, 1};
  bool affine_only_ = false;  // statistics are first's
  std::string save_;          // one checkpoint of two masks with split statistics; empty: none
};

}  // namespace

std::unique_ptr<Command> interpolate() { return std::make_unique<Interpolate>(); }

}  // namespace robmask
