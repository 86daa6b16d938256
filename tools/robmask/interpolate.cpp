// robmask interpolate: p·first + (1−p)·second of γ, β and running statistics (§3.2, Table 2).

#include "engine/backend.h"
#include "tools/robmask/evaluation_report.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/outputs.h"

namespace robmask {

namespace {

/// The files of two models.
struct Pair {
  std::string first, second;
};

/// The i-th of a model's tensors.
const Tensor& tensor(const LoadedModel& from, std::size_t i) {
  return from.model->entries()[i].variable.value();
}

/// Only batch norm may differ.
void check_alike(const Pair& names, const LoadedModel& first, const LoadedModel& second) {
  const ModelSpec &a = first.info.spec, &b = second.info.spec;
  const auto text = [](const std::array<double, 3>& values) {
    return fmt::to_string(fmt::join(values, ", "));
  };
  const auto require_same = [&](const std::string& property, const auto& mine, const auto& other) {
    require(mine == other, "--second {}: expected {} {} like --first {}, got {}", names.second,
            property, mine, names.first, other);
  };
  require_same("model", a.name, b.name);
  require_same("width", a.width, b.width);
  require_same("classes", a.classes, b.classes);
  const auto named = [](const CheckpointInfo& info) {
    return fmt::to_string(fmt::join(info.class_names, ", "));
  };
  if (!first.info.class_names.empty() && !second.info.class_names.empty())
    require_same("classes", named(first.info), named(second.info));
  require_same("masks", a.masks, b.masks);
  require_same("statistics", a.statistics(), b.statistics());
  require_same("pairs of statistics", a.pairs, b.pairs);
  require_same("normalization by mean", text(a.mean), text(b.mean));
  require_same("normalization by std", text(a.std), text(b.std));
  for (std::size_t i = 0; i < first.model->entries().size(); ++i) {
    const Entry& e = first.model->entries()[i];
    if (is_norm(e.role)) continue;
    require(tensor(first, i).to_doubles() == tensor(second, i).to_doubles(),
            "--second {}: expected the weights of --first {} but for batch norm; \"{}\" differs: "
            "interpolate a model with its own finetuning",
            names.second, names.first, e.name);
  }
}

/// to ← p·first + (1−p)·second
void blend(const LoadedModel& to, const LoadedModel& first, const LoadedModel& second, double p,
           bool affine_only) {
  for (std::size_t i = 0; i < to.model->entries().size(); ++i) {
    const Entry& e = to.model->entries()[i];
    const Tensor &a = tensor(first, i), &b = tensor(second, i), &value = tensor(to, i);
    value.machine().copy(value, a);
    if (!is_affine(e.role) && (affine_only || !is_statistic(e.role))) continue;
    value.machine().scale({value}, a, p);
    value.machine().scale({value, true}, b, 1 - p);
  }
}

/// One checkpoint with two masks and split statistics: mask 0 = first, mask 1 = second.
void save_both(const std::string& file, const LoadedModel& first, const LoadedModel& second) {
  require(first.info.spec.masks == 1, "--save: expected models of one mask, got {}",
          first.info.spec.masks);
  CheckpointInfo info = first.info;
  info.spec.masks = info.spec.pairs = 2;
  info.method = "robmask";
  info.eps_max = second.info.eps_max;
  info.norm = second.info.norm;
  info.unsaid.erase("method");
  for (const char* key : {"eps_max", "norm"}) {
    info.unsaid.erase(key);
    if (second.info.unsaid.contains(key)) info.unsaid.insert(key);
  }
  const Model both(first.model->machine(), first.model->maps(), info.spec, info.seed);
  for (std::size_t i = 0; i < both.entries().size(); ++i) {
    const Tensor& value = both.entries()[i].variable.value();
    const Tensor& a = tensor(first, i);
    if (!is_norm(both.entries()[i].role)) {
      value.machine().copy(value, a);
      continue;
    }
    value.machine().copy(value.images(0, 1), a);
    value.machine().copy(value.images(1, 1), tensor(second, i));
  }
  save_model(file, both, info);
}

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
    check_alike(names_, first, second);
    if (!save_.empty()) save_both(save_, first, second);
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
  Pair names_;
  std::vector<double> p_{0, 0.25, 0.5, 0.75, 1};
  bool affine_only_ = false;  // statistics are first's
  std::string save_;          // one checkpoint of two masks with split statistics; empty: none
};

}  // namespace

std::unique_ptr<Command> interpolate() { return std::make_unique<Interpolate>(); }

}  // namespace robmask
