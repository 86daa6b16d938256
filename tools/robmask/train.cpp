// robmask train, robmask finetune: one training run.

#include <algorithm>
#include <filesystem>
#include <set>

#include "attacks/checks.h"
#include "data/files/atomic_file.h"
#include "engine/backend.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/options/config_json.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/session.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace robmask {

namespace {

namespace fs = std::filesystem;

/// "runs/a/" → "runs/a", which has a name to move aside.
fs::path run_directory_of(const CommonSettings& common) {
  const fs::path out = common.out;
  return out.has_filename() ? out : out.parent_path();
}

/// A new run never overwrites an earlier one.
void move_aside(const fs::path& dir) {
  int number = 1;
  fs::path aside;
  std::error_code error;
  do aside = fs::path(fmt::format("{}.{}", dir.string(), number++));
  while (fs::exists(aside, error));
  fs::rename(dir, aside, error);
  require(!error,
          "--out {}: it holds a run, which cannot be moved to {}: {}; choose another folder",
          dir.string(), aside.string(), error.message());
  warn(fmt::format("{} held a run; it is now {} (--resume would have continued it)", dir.string(),
                   aside.string()));
}

/// ", on synthetic (no --data was given)": what a mistyped --out is likely to train on.
std::string data_words(const CommonSettings& common) {
  const bool given = std::ranges::count(common.given, "data") > 0;
  return fmt::format(", on {}{}", common.data, given ? "" : " (no --data was given)");
}

/// Makes the run directory ready. Returns whether there is a state to go on from.
bool prepare_directory(const fs::path& dir, const TrainSettings& s) {
  const bool resume = s.resume;
  const auto holds = [&](const char* name) {
    std::error_code none;  // a name that cannot be is not there
    return fs::exists(dir / name, none);
  };
  const bool has_state = holds("state.safetensors"), has_model = holds("model.safetensors");
  const bool has_run = has_state || has_model || holds("log.csv") || holds("config.json");
  // A run that was killed before its first checkpoint has a log at most, and no model.
  if (resume ? has_model && !has_state : has_run) move_aside(dir);
  std::error_code error;
  if (resume && !has_state) {
    const bool empty = fs::is_empty(dir, error) && !error;  // made for the run
    tell_of_new_start(dir, "checkpoint", !has_run && !empty, data_words(s.common));
  }
  fs::create_directories(dir, error);
  if (error || !fs::is_directory(dir))
    throw InputError(fmt::format("--out {}: expected a folder that can be made and written: {}",
                                 dir.string(), error.message()));
  if (resume && has_state && !holds("config.json"))
    warn(
        fmt::format("--resume: {} holds no config.json: that these are the settings it began with "
                    "is not checked",
                    dir.string()));
  return resume && has_state;
}

Json number(const std::optional<double>& v) { return v ? Json(*v) : Json(nullptr); }

/// Trains `model` by `recipe` into the run directory and prints what came of it.
int run_training(const TrainSettings& s, const Model& model, Recipe& recipe,
                 const std::vector<Variable>& trained, const Dataset& data,
                 const CheckpointInfo& info, const Json& config, const std::string& command) {
  const fs::path dir = run_directory_of(s.common);
  const auto doubt = doubt_about_radius(s.attack.norm, s.attack.eps.value);
  if (doubt && s.method != Method::standard) warn(doubt->text);
  const bool resumed = prepare_directory(dir, s);
  tell_of(data.warnings);
  const Images train(model.machine(), data.train), test(model.machine(), data.test);
  Sgd sgd(trained, s.momentum, s.weight_decay);
  Trainer trainer({s, model, recipe, sgd, train, test, info, dir});
  if (resumed) trainer.resume();  // a state that it refuses finds nothing changed
  remove_stale_temporaries(dir);
  write_json(dir / "config.json", config);
  const EpochSummary last = trainer.run();

  const Json json{{"command", command},
                  {"method", info.method},
                  {"model", info.spec.name},
                  {"out", dir.string()},
                  {"checkpoint", (dir / "model.safetensors").string()},
                  {"iterations", trainer.steps()},
                  {"epoch", last.epoch},
                  {"train_loss", last.train_loss},
                  {"train_accuracy", last.train_acc},
                  {"test_accuracy", number(last.test_acc)},
                  {"test_accuracy_mask_max", number(last.test_acc_mask_max)}};
  std::string text = fmt::format("{}: {} iterations, train loss {:.4f}", dir.string(),
                                 trainer.steps(), last.train_loss);
  if (last.test_acc)
    text += fmt::format(", test accuracy {:.2f} % at mask 0", 100 * *last.test_acc);
  if (model.spec().masks > 1 && last.test_acc_mask_max)
    text += fmt::format(" and {:.2f} % at mask 1", 100 * *last.test_acc_mask_max);
  print_result(s.common, json, text + "\n");
  return 0;
}

/// Numbers the classes as the weights that training starts from do, if they are the same: the head fits.
void count_classes_as(const SafeTensors& init, Dataset& data) {
  const std::vector<std::string> names = class_names_of(init);
  const std::set<std::string> theirs(names.begin(), names.end()),
      ours(data.classes.begin(), data.classes.end());
  if (theirs == ours) match_classes(data, {std::ssize(names), names}, MatchClasses::name);
}

/// Of the weights that training starts from, where they say it, else of the flags.
Normalization normalization_of(const TrainSettings& s, const Dataset& data,
                               const std::optional<SafeTensors>& init) {
  const Normalization flags =
      choose_normalization(to_string(s.model.normalize), data.normalization);
  if (!init) return flags;
  const Normalization own = normalization_of(*init, flags);
  if (own != flags)
    log("--init {}: normalizes pixels by mean {} and std {}, and so does the run", s.init,
        fmt::join(own.mean, ", "), fmt::join(own.std, ", "));
  return own;
}

CheckpointInfo info_of(const TrainSettings& s, const Dataset& data,
                       const std::optional<SafeTensors>& init) {
  CheckpointInfo info;
  const MaskCounts counts = mask_counts(s);
  const Normalization n = normalization_of(s, data, init);
  info.spec = {.name = *s.model.model,
               .width = *s.model.width,
               .classes = static_cast<Index>(data.classes.size()),
               .masks = counts.masks,
               .pairs = counts.pairs,
               .code = s.method == Method::robmask ? s.code : Code::hat,
               .mean = n.mean,
               .std = n.std};
  info.method = to_string(s.method);
  info.eps_max = s.attack.eps.text;
  info.norm = to_string(s.attack.norm);
  info.seed = s.common.seed;
  info.class_names = data.classes;
  info.image_size = data.train.height;
  if (s.method == Method::advprop) {
    if (s.aux_random)
      info.aux_eps = {s.attack.eps.value};
    else
      for (const Strength& e : s.aux_eps) info.aux_eps.push_back(e.value);
  }
  return info;
}

/// Before a model is made: the weights that training starts from are like it, but for their head.
void check_init(const SafeTensors& init, const ModelSpec& spec) {
  check_like(init, spec, Reading::start);
  if (const Index classes = contents_of(init).outputs_of("linear.bias"); classes != spec.classes)
    warn(fmt::format("--init {}: its head is of {} classes, the data have {}: the head starts anew",
                     init.source, classes, spec.classes));
}

}  // namespace

int run_train(TrainSettings s) {
  require_output_folder("out", run_directory_of(s.common));
  Backend& machine = machine_of(s.common);
  std::optional<SafeTensors> init;
  if (!s.init.empty()) init = read_safetensors(weights_path(s.init));
  Dataset data = load_data(s.common, true, true, s.model.image_size);
  if (init) count_classes_as(*init, data);
  s.model.image_size = data.train.height;  // config.json says it
  if (data.classes.size() == 1)
    data.warnings.push_back(fmt::format(
        "--data {}: has one class, which every network tells from no other", data.spec));
  const CheckpointInfo info = info_of(s, data, init);
  if (init) check_init(*init, info.spec);
  const Model model(machine, maps_of(s.common), info.spec, s.common.seed);
  if (init) from_file(model, *init, Reading::start);
  const auto recipe = make_recipe(s, model);
  return run_training(s, model, *recipe, model.parameters(), data, info,
                      config_json(s, machine.kernels()), "train");
}

int run_finetune(const FinetuneSettings& f) {
  const TrainSettings& s = f.train;
  require_output_folder("out", run_directory_of(s.common));
  Backend& machine = machine_of(s.common);
  const CheckpointInfo said = read_info(f.from, overrides_of(s.model, {}));
  const Dataset data = load_data(s.common, true, true, said, s.model.match_classes);
  LoadedModel from =
      load_model(f.from, machine, maps_of(s.common), overrides_of(s.model, data.normalization));
  if (from.model->spec().masks > 1) {
    require(f.mask.has_value(),
            "--from {}: the checkpoint has {} masks: choose the one to finetune with --mask p",
            f.from, from.model->spec().masks);
    from = export_mask(from, *f.mask);
  } else {
    check_mask(*from.model, f.mask.value_or(0));
  }
  from.info.class_names = data.classes;
  from.info.image_size = data.train.height;
  from.info.method = to_string(s.method);
  from.info.eps_max = s.attack.eps.text;
  from.info.norm = to_string(s.attack.norm);
  from.info.seed = s.common.seed;
  from.info.unsaid.clear();
  const auto recipe = make_finetune_recipe(f, *from.model);
  return run_training(s, *from.model, *recipe, tuned_parameters(f.tune, *from.model), data,
                      from.info, config_json(f, machine.kernels()), "finetune");
}

}  // namespace robmask
