#include "tools/robmask/training_command.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "attacks/checks.h"
#include "data/files/atomic_file.h"
#include "engine/backend.h"
#include "tools/robmask/alike.h"
#include "tools/robmask/load_data.h"
#include "tools/robmask/options/attack.h"
#include "tools/robmask/options/stored_settings.h"
#include "tools/robmask/outputs.h"
#include "training/trainer.h"

namespace robmask {

template <>
struct Value<StrengthChoice> {
  static std::string words() { return "random, per-image or a number from 0 to 1"; }
  static bool read(std::string_view text, StrengthChoice& choice) {
    using Kind = StrengthChoice::Kind;
    choice = {};
    if (text == "random") return true;
    choice.kind = text == "per-image" ? Kind::per_image : Kind::fixed;
    if (choice.kind == Kind::per_image) return true;
    return Value<double>::read(text, choice.value) && from_to(0, 1).holds(choice.value);
  }

  static Json write(const StrengthChoice& choice) {
    switch (choice.kind) {
      case StrengthChoice::Kind::random: return "random";
      case StrengthChoice::Kind::per_image: return "per-image";
      case StrengthChoice::Kind::fixed: return choice.value;
    }
    return {};
  }
};

namespace {

void add_optimizer(Options& o, TrainSettings& s) {
  o.group("Optimization");
  o.add("epochs", s.epochs, "passes over the training images", from_to(1, largest));
  add_batch(o, s.batch);
  o.add("lr", s.lr, "learning rate", at_least(0));
  o.add("momentum", s.momentum, "of stochastic gradient descent", at_least(0));
  o.add("weight-decay", s.weight_decay, "on every parameter, masks included", at_least(0));
  o.add("schedule", s.schedule, "of the learning rate, by epoch");
  o.add("augment", s.augment, "of training images");
  o.add("shuffle", s.shuffle, "a new order each epoch: on, off");
  o.add("steps", s.steps, "stop after N iterations; the schedule still counts --epochs",
        from_to(1, largest), "all");
  add_replay(o, s.replay);
}

}  // namespace

void TrainingCommand::add_run(Options& o) {
  o.flag("resume", resume_, "continue the run in --out with its settings");
  o.add("keep", s_.keep, "weights: of the last epoch, also of the one that tested best");
  o.flag("tensorboard", s_.tensorboard, "write the curves for TensorBoard, too");
}

void TrainingCommand::add_training(Options& o) {
  TrainSettings& s = s_;
  add_optimizer(o, s);
  o.add("shards", shards_, "parts of a batch, each attacked and normalized on its own",
        from_to(1, largest), "the number of processes");
  o.add("sync-bn", s.sync_bn, "normalize by the statistics of all shards: on, off");
  o.group("Attack in training");
  o.add("eps", s.eps, "largest perturbation", at_least(0));
  add_attack(o, s.attack);
  o.add("attack-bn", s.attack_bn, "batch norm while attacking");
  o.add("attack-mask", s.attack_mask, "the mask the attack goes through");
  o.group("Method");
  o.add("beta", s.beta, "weight of TRADES' divergence", at_least(0));
  o.add("masks", network_.masks, "masks k of RobMask", from_to(1, 1000), "2");
  o.add("code", s.code, "of a strength over the masks");
  o.add("strength", s.strength, "p of RobMask: random, per-image or a number in [0, 1]").choices = {
      "random", "per-image"};
  o.add("robmask-loss", s.robmask_loss, "clean and adversarial, or adversarial only");
  o.add("halves", s.halves, "clean and adversarial images: one batch, or two with less memory");
  o.add("bn-stats", network_.bn_stats, "running statistics of RobMask", {}, "shared");
  // Read as text: either strengths or the word "random".
  Option& aux = o.add("aux-eps", s.aux_eps, "AdvProp's auxiliary norms: ascending list, or random",
                      at_least(0), "the value of --eps");
  aux.choices = {"random"};
  aux.read = [&s, list = aux.read](const std::string& text) {
    s.aux_random = text == "random";
    if (s.aux_random) return s.aux_eps.clear();
    list(text);
  };
  aux.write = [&s, list = aux.write]() -> Json { return s.aux_random ? Json("random") : list(); };
  o.group("Model");
  o.add("normalize", network_.normalize, "of pixels, inside the model");
  o.add("init", init_, "file of starting weights");
}

void TrainingCommand::check() {
  const TrainSettings& s = s_;
  check_eps("eps", s.eps, s.attack.norm);
  for (std::size_t i = 0; i < s.aux_eps.size(); ++i) {
    check_eps("aux-eps", s.aux_eps[i], s.attack.norm);
    require(i == 0 || s.aux_eps[i - 1].value < s.aux_eps[i].value,
            "--aux-eps: expected an ascending list, got \"{}\" before \"{}\"",
            s.aux_eps[i > 0 ? i - 1 : 0].text, s.aux_eps[i].text);
  }
  require(!resume_ || !common_.out.empty(), "--resume: expected --out DIR, the run to continue");
}

void TrainingCommand::resolve() {
  s_.seed = common_.seed;
  const bool given = shards_.has_value();
  s_.shards = shards_.value_or(processes().count());
  shards_ = s_.shards;
  require(s_.batch % s_.shards == 0,
          "--shards: expected a number that divides --batch {}, got {}{}", s_.batch, s_.shards,
          given ? "" : ", the number of processes: give another --batch");
  if (s_.shards < processes().count())
    log("of {} processes {} have no shard to train on: --shards {}", processes().count(),
        processes().count() - s_.shards, s_.shards);
}

std::set<std::string> TrainingCommand::unused() {
  std::set<std::string> names;
  switch (s_.method) {
    case Method::standard:
      names = {"eps",       "norm",        "attack-steps", "step-size", "start",
               "attack-bn", "attack-mask", "beta",         "aux-eps",   "halves"};
      break;
    case Method::pgd: names = {"attack-mask", "beta", "aux-eps", "halves"}; break;
    case Method::trades:  // its own start, in eval mode, through its one mask
      names = {"start", "attack-bn", "attack-mask", "aux-eps", "halves"};
      break;
    case Method::advprop:  // --eps only stands in for --aux-eps, or scales a random one
      names = {"beta"};
      if (!s_.aux_random && common_.was_given("aux-eps")) names.insert("eps");
      break;
    case Method::robmask: return {"beta", "aux-eps"};
  }
  names.insert({"masks", "code", "strength", "robmask-loss", "bn-stats"});
  return names;
}

namespace {

namespace fs = std::filesystem;

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
  return fmt::format(", on {}{}", common.data,
                     common.was_given("data") ? "" : " (no --data was given)");
}

}  // namespace

Path TrainingCommand::run_directory() const {
  const fs::path out = common_.out;
  return out.has_filename() ? out : out.parent_path();
}

void TrainingCommand::name_run(const std::string& model) {
  if (!common_.out.empty()) return;
  const std::string name = fmt::format("runs/{}-{}-{:%Y%m%d-%H%M%S}", to_string(s_.method), model,
                                       fmt::localtime(std::time(nullptr)));
  common_.out = name;
  for (int i = 2; fs::exists(common_.out); ++i) common_.out = fmt::format("{}-{}", name, i);
  common_.out = processes().broadcast(common_.out);
}

/// Makes the run directory ready. Returns whether there is a state to go on from.
bool TrainingCommand::prepare_directory() const {
  const fs::path dir = run_directory();
  const auto holds = [&](const char* name) {
    std::error_code none;  // a name that cannot be is not there
    return fs::exists(dir / name, none);
  };
  const bool has_state = holds("state.safetensors"), has_model = holds("model.safetensors");
  const bool has_run = has_state || has_model || holds("log.csv") || holds("config.json");
  // A run that was killed before its first checkpoint has a log at most, and no model.
  if (resume_ ? has_model && !has_state : has_run) move_aside(dir);
  std::error_code error;
  if (resume_ && !has_state) {
    const bool empty = fs::is_empty(dir, error) && !error;  // made for the run
    tell_of_new_start(dir, "checkpoint", !has_run && !empty, data_words(common_));
  }
  fs::create_directories(dir, error);
  if (error || !fs::is_directory(dir))
    throw InputError(fmt::format("--out {}: expected a folder that can be made and written: {}",
                                 dir.string(), error.message()));
  if (resume_ && has_state && !holds("config.json"))
    warn(
        fmt::format("--resume: {} holds no config.json: that these are the settings it began with "
                    "is not checked",
                    dir.string()));
  return resume_ && has_state;
}

namespace {

/// What process 0 sent in each of so many iterations, beside the least that a sum which all processes
/// get takes.
void tell_of_messages(const Processes& all, const ShardedStep& step, Index elements, DType type,
                      Index iterations) {
  const Traffic& traffic = all.traffic();
  if (iterations == 0 || traffic.messages == 0 || step.sent() == 0) return;
  const auto each = [&](auto sum) {
    return static_cast<double>(sum) / static_cast<double>(iterations);
  };
  const double others = all.count() - 1, bytes = static_cast<double>(size_of(type));
  log("an iteration sent {:.1f} messages of {:.3f} MB, of gradients {:.3f} (at least {:.3f}), of "
      "which {:.0f} % had arrived when the backward pass was over",
      each(traffic.messages), each(traffic.bytes) / 1e6, each(step.sent()) / 1e6,
      2 * others / all.count() * static_cast<double>(elements) * bytes / 1e6,
      100 * static_cast<double>(step.sent_early()) / static_cast<double>(step.sent()));
}

}  // namespace

int TrainingCommand::train(const Model& model,
                           const std::function<std::unique_ptr<Recipe>()>& recipe,
                           const std::vector<Variable>& trained, const Dataset& data,
                           CheckpointInfo info, const std::string& command) {
  info.method = to_string(s_.method);
  info.eps_max = s_.eps.text;
  info.norm = to_string(s_.attack.norm);
  info.seed = common_.seed;
  info.class_names = data.classes;
  info.image_size = data.train.height;
  info.unsaid.clear();
  const fs::path dir = run_directory();
  const auto doubt = doubt_about_radius(s_.attack.norm, s_.eps.value);
  if (doubt && s_.method != Method::standard) warn(doubt->text);
  Processes& all = processes();
  bool resumed = false;
  all.first_does([&] { resumed = prepare_directory(); });
  resumed = all.largest(resumed) > 0;
  tell_of(data.warnings);
  const Images train(model.machine(), data.train), test(model.machine(), data.test);
  Sgd sgd(trained, s_.momentum, s_.weight_decay);
  Trainer trainer(s_, {model, recipe, sgd}, {train, test}, {info, dir});
  if (resumed) trainer.resume();  // a state that it refuses finds nothing changed
  Options options;
  add_options(options);
  const Json config = config_json(command, options, common_, model.machine().kernels());
  if (all.count() > 1)
    require_alike(all, config,
                  {{"the training images", train.split().fingerprint()},
                   {"the test images", test.split().fingerprint()},
                   {"the iteration to go on from", trainer.steps()}},
                  model.machine().kernels());
  all.first_does([&] {
    remove_stale_temporaries(dir);
    write_json(dir / "config.json", config);
  });
  const Index before = trainer.steps();
  const EpochSummary last = trainer.run();
  Index elements = 0;
  for (const Variable& p : trained) elements += p.shape().count();
  tell_of_messages(all, trainer.step(), elements, model.dtype(), trainer.steps() - before);

  using accuracy = Value<std::optional<double>>;
  const std::optional<BestEpoch> best = trainer.best();
  const std::string best_file = (dir / best_model_name).string();
  const Json json{{"command", command},
                  {"method", info.method},
                  {"model", info.spec.name},
                  {"out", dir.string()},
                  {"checkpoint", (dir / "model.safetensors").string()},
                  {"iterations", trainer.steps()},
                  {"epoch", last.epoch},
                  {"train_loss", last.train_loss},
                  {"train_accuracy", last.train_acc},
                  {"test_accuracy", accuracy::write(last.test_acc)},
                  {"test_accuracy_mask_max", accuracy::write(last.test_acc_mask_max)},
                  {"best_checkpoint", best ? Json(best_file) : Json()},
                  {"best_epoch", best ? Json(best->epoch) : Json()},
                  {"best_test_accuracy", best ? Json(best->test_accuracy) : Json()}};
  std::string text = fmt::format("{}: {} iterations, train loss {:.4f}", dir.string(),
                                 trainer.steps(), last.train_loss);
  if (last.test_acc)
    text += fmt::format(", test accuracy {:.2f} % at mask 0", 100 * *last.test_acc);
  if (model.spec().masks > 1 && last.test_acc_mask_max)
    text += fmt::format(" and {:.2f} % at mask 1", 100 * *last.test_acc_mask_max);
  if (best)
    text += fmt::format("; {}: {:.2f} %, after epoch {}", best_file, 100 * best->test_accuracy,
                        best->epoch + 1);
  print_result(common_, json, text + "\n");
  return 0;
}

}  // namespace robmask
