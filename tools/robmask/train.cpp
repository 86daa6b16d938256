// robmask train: one training run.

#include <algorithm>
#include <set>

#include "engine/backend.h"
#include "tools/robmask/load_data.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/training_command.h"
#include "training/terminal.h"
#include "training/weights.h"

namespace robmask {

namespace {

/// Numbers the classes as the weights that training starts from do, if they are the same: the head
/// fits.
void count_classes_as(const SafeTensors& init, Dataset& data) {
  const std::vector<std::string> names = class_names_of(init);
  const std::set<std::string> theirs(names.begin(), names.end()),
      ours(data.classes.begin(), data.classes.end());
  if (theirs == ours) match_classes(data, {std::ssize(names), names}, MatchClasses::name);
}

/// Before a model is made: the weights that training starts from are like it, but for their head.
void check_init(const SafeTensors& init, const ModelSpec& spec) {
  const Contents contents = contents_of(init, spec.name);
  check_like(contents, spec, Reading::start);
  if (const Index classes = contents.classes(); classes != spec.classes)
    warn(fmt::format("--init {}: its head is of {} classes, the data have {}: the head starts anew",
                     init.source, classes, spec.classes));
}

class Train final : public TrainingCommand {
 public:
  void add_options(Options& o) override {
    o.add("method", s_.method, "how to train");
    add_run(o);
    add_training(o);
    add_network(o, network_);
    add_image_size(o, network_);
    add_processes(o, common_);
    add_common(o, common_);
  }

  void check() override {
    TrainingCommand::check();
    require(s_.method != Method::robmask || s_.robmask_loss != RobmaskLoss::adv ||
                network_.bn_stats != BnStats::split,
            "--robmask-loss: adv expects --bn-stats shared, got split, whose clean pair adv would "
            "never train");
  }

  /// Masks, statistics and ε that follow from the method.
  void resolve() override {
    TrainingCommand::resolve();
    resolve_network(network_);
    NetworkSettings& n = network_;
    n.bn_stats = s_.method == Method::advprop   ? BnStats::split
                 : s_.method == Method::robmask ? n.bn_stats.value_or(BnStats::shared)
                                                : BnStats::shared;
    s_.bn_stats = *n.bn_stats;
    if (s_.method == Method::advprop && !s_.aux_random) {
      if (s_.aux_eps.empty()) s_.aux_eps = {s_.eps};
      s_.eps = s_.aux_eps.back();  // p = 1 stands for the largest ε
    }
    s_.masks = n.masks.value_or(2);
    n.masks = mask_counts(s_).masks;
    name_run(*n.model);
  }

  int run() override {
    require_output_folder("out", run_directory());
    Backend& machine = machine_of(common_);
    std::optional<SafeTensors> init;
    if (!init_.empty()) init = read_safetensors(weights_path(init_));
    Dataset data = load_data(common_, true, true, network_.image_size);
    if (init) count_classes_as(*init, data);
    network_.image_size = data.train.height;  // config.json says it
    if (data.classes.size() == 1)
      data.warnings.push_back(fmt::format(
          "--data {}: has one class, which every network tells from no other", data.spec));
    const CheckpointInfo info = this->info(data, init);
    if (init) check_init(*init, info.spec);
    const Model model(machine, maps_of(common_), info.spec, common_.seed);
    if (init) from_file(model, *init, Reading::start);
    const auto recipe = [&] { return make_recipe(s_, model); };
    return train(model, recipe, model.parameters(), data, info, "train");
  }

 private:
  /// Of the weights that training starts from, where they say it, else of the flags.
  Normalization normalization(const Dataset& data, const std::optional<SafeTensors>& init) const {
    const Normalization flags =
        choose_normalization(to_string(network_.normalize), data.normalization);
    if (!init) return flags;
    const Normalization own = normalization_of(*init, flags);
    if (own != flags)
      log("--init {}: normalizes pixels by mean {} and std {}, and so does the run", init_,
          fmt::join(own.mean, ", "), fmt::join(own.std, ", "));
    return own;
  }

  CheckpointInfo info(const Dataset& data, const std::optional<SafeTensors>& init) const {
    CheckpointInfo info;
    const MaskCounts counts = mask_counts(s_);
    const Normalization n = normalization(data, init);
    info.spec = {.name = *network_.model,
                 .width = *network_.width,
                 .classes = static_cast<Index>(data.classes.size()),
                 .masks = counts.masks,
                 .pairs = counts.pairs,
                 .code = s_.method == Method::robmask ? s_.code : Code::hat,
                 .mean = n.mean,
                 .std = n.std};
    if (s_.method == Method::advprop) {
      if (s_.aux_random)
        info.aux_eps = {s_.eps.value};
      else
        for (const Strength& e : s_.aux_eps) info.aux_eps.push_back(e.value);
    }
    return info;
  }
};

}  // namespace

std::unique_ptr<Command> train() { return std::make_unique<Train>(); }

}  // namespace robmask
