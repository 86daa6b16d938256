// robmask finetune: batch norm alone is trained further (§3.1).

#include "engine/backend.h"
#include "tools/robmask/load_data.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/training_command.h"

namespace robmask {

template <>
struct Value<Tune> {
  static std::string words() { return "a list of gamma, beta and stats"; }
  static bool read(std::string_view text, Tune& tune) {
    for (const auto& [name, member] : parts) tune.*member = false;
    for (const std::string& item : split_list(text)) {
      const auto part = std::ranges::find(parts, item, &Member::name);
      if (part == std::end(parts)) return false;
      tune.*part->member = true;
    }
    return true;
  }
  static Json write(const Tune& tune) {
    Json list = Json::array();
    for (const auto& [name, member] : parts)
      if (tune.*member) list.push_back(name);
    return list;
  }

 private:
  struct Member {
    std::string_view name;
    bool Tune::*member;
  };
  static constexpr Member parts[]{
      {"gamma", &Tune::gamma}, {"beta", &Tune::beta}, {"stats", &Tune::stats}};
};

namespace {

class Finetune final : public TrainingCommand {
 public:
  Finetune() { common_ = common_of_reader(); }

  void add_options(Options& o) override {
    o.add("from", from_, "weights or run directory to start from").required = true;
    o.add("method", s_.method, "standard or pgd; how to finetune").choices = {"standard", "pgd"};
    Option& tune = o.add("tune", tune_, "which batch-norm tensors: gamma, beta, stats");
    tune.choices = {"gamma", "beta", "stats"};
    tune.list = true;
    o.add("mask", mask_, "p of the mask of a masked checkpoint, exported first", from_to(0, 1));
    add_run(o);
    add_training(o);
    add_network(o, network_, "what --from says", "what --from says");
    add_image_size(o, network_);
    add_class_match(o, network_);
    add_processes(o, common_);
    add_common(o, common_);
  }

  void check() override {
    require(s_.method == Method::standard || s_.method == Method::pgd,
            "--method: expected standard or pgd for finetune, got \"{}\"", to_string(s_.method));
    TrainingCommand::check();
    require(
        s_.method != Method::pgd || s_.attack_bn != AttackBn::train || tune_.stats,
        "--attack-bn: train updates running statistics, which --tune leaves out: expected eval or "
        "train-frozen, or --tune with stats");
  }

  /// --masks and --bn-stats describe the file.
  std::set<std::string> unused() override {
    std::set<std::string> names = TrainingCommand::unused();
    names.erase("masks");
    names.erase("bn-stats");
    names.insert("init");
    return names;
  }

  void resolve() override {
    TrainingCommand::resolve();
    follow_data(common_, from_);
    if (common_.out.empty()) name_run(read_info(from_, overrides_of(network_)).spec.name);
  }

  int run() override {
    require_output_folder("out", run_directory());
    Backend& machine = machine_of(common_);
    const SafeTensors file = read_weights(from_);
    const CheckpointInfo said = read_info(file, overrides_of(network_));
    const Dataset data = load_data(common_, true, true, said, network_.match_classes);
    LoadedModel from =
        load_model(file, machine, maps_of(common_), overrides_of(network_, data.normalization));
    if (from.model->spec().masks > 1) {
      require(mask_.has_value(),
              "--from {}: the checkpoint has {} masks: choose the one to finetune with --mask p",
              from_, from.model->spec().masks);
      from = export_mask(from, *mask_);
    } else {
      from.model->check_mask(mask_.value_or(0));
    }
    const auto recipe = [&] { return make_finetune_recipe(s_, tune_, *from.model); };
    return train(*from.model, recipe, tuned_parameters(tune_, *from.model), data, from.info,
                 "finetune");
  }

 private:
  std::string from_;
  std::optional<double> mask_;  // p of the mask that is exported first
  Tune tune_;
};

}  // namespace

std::unique_ptr<Command> finetune() { return std::make_unique<Finetune>(); }

}  // namespace robmask
