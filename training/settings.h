#pragma once
// What a command was asked to do. The options parser (tools/robmask/options) fills these structs
// and resolve() settles every default that depends on something else; commands read them and
// nothing else.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "training/choices.h"

namespace robmask {

/// A length in pixel units (ε, a step size) with the spelling it came in: "8/255" is 8.0 / 255.0.
struct Strength {
  double value = 8.0 / 255.0;
  std::string text = "8/255";
};

struct CommonSettings {
  std::string device = "auto";  // auto, cpu, cuda, cuda:N; resolved: the machine that runs
  Index threads = 0;            // resolved: at least 1
  std::uint64_t seed = 0;
  std::optional<Precision> precision;  // resolved: set
  // synthetic, cifar10:DIR, cifar100:DIR, folder:DIR, imagenet:DIR or npy:IMAGES.npy; empty, until resolved: the run's
  std::string data = "synthetic";
  std::string data_origin;                       // resolved: what says so, if no option does
  std::optional<Index> limit_train, limit_test;  // use N images; empty: all
  Sample sample = Sample::first;                 // which
  BrokenImages broken_images = BrokenImages::stop;
  Index max_pixels = usual_max_pixels;  // of an image file
  std::string out;  // a folder (export: a file); resolved for train and finetune
  bool json = false, quiet = false;

  std::vector<std::string> given;   // options set by flags or the configuration file
  std::vector<std::string> unused;  // those of them that the command does not use; see resolve()
};

/// Of commands that read a run: its data are the default.
inline CommonSettings common_of_reader() {
  CommonSettings common;
  common.data.clear();
  return common;
}

/// What a network is. For commands that read a checkpoint: only for files that do not say it.
struct ModelSettings {
  std::optional<std::string> model;  // a name of model_names(); resolved for train, bench: resnet18
  std::optional<Index> width;        // resolved for train, bench: 64
  std::optional<Index> masks;        // k; resolved for train
  std::optional<BnStats> bn_stats;   // resolved for train
  Normalize normalize = Normalize::on;
  std::optional<Index> image_size;  // the side of the images; empty: the data's own
  MatchClasses match_classes = MatchClasses::name;
};

struct AttackSettings {
  Strength eps;
  Norm norm = Norm::linf;
  Index steps = 7;                    // evaluate, interpolate: 100
  std::optional<Strength> step_size;  // empty: ε/5 of the strength in force
  Start start = Start::random;

  /// α for the strength in force, ε_i = p·ε.
  double alpha(double strength) const { return step_size ? step_size->value : strength / 5; }
  /// PGD with these numbers at strength ε.
  AttackPlan pgd(double strength) const {
    return {.norm = norm,
            .eps = strength,
            .step_size = alpha(strength),
            .steps = steps,
            .random_start = start == Start::random};
  }
};

/// How p is chosen in training.
struct StrengthChoice {
  enum class Kind { random, per_image, fixed };
  Kind kind = Kind::random;
  double value = 0;  // p, if fixed
};

struct TrainSettings {
  CommonSettings common;
  ModelSettings model;
  AttackSettings attack;
  AttackBn attack_bn = AttackBn::eval;
  AttackMask attack_mask = AttackMask::loss;

  Method method = Method::standard;
  Index epochs = 20, batch = 128;
  double lr = 0.1, momentum = 0.9, weight_decay = 5e-4;
  Schedule schedule = Schedule::cosine;
  Augment augment = Augment::crop_flip;
  bool shuffle = true;

  StrengthChoice strength;
  RobmaskLoss robmask_loss = RobmaskLoss::mixed;
  Code code = Code::hat;
  double beta = 6;                // TRADES
  std::vector<Strength> aux_eps;  // AdvProp, ascending; resolved: at least one, unless random
  bool aux_random = false;        // one auxiliary norm, p ~ U(0,1) a mini-batch

  std::string init;            // a file with starting weights; empty: fresh ones
  std::optional<Index> steps;  // stop after that many iterations in all; the schedule counts epochs
  bool resume = false;
  bool replay = true;  // record an iteration and replay it, where the device can
};

/// Which tensors finetuning touches (§3.1).
struct Tune {
  bool gamma = true, beta = true, stats = true;
};

/// Batch-norm-only finetuning; train.method is standard or pgd.
struct FinetuneSettings {
  FinetuneSettings() { train.common = common_of_reader(); }

  TrainSettings train;
  std::string from;
  std::optional<double> mask;  // p of the mask that is exported first
  Tune tune;
};

/// `--mask LIST` or `--mask match`: p = min(1, ε/eps_max) of the checkpoint, for each ε.
struct MaskList {
  bool match = false;
  std::vector<double> values{0};  // if not match
};

struct EvaluateSettings {
  CommonSettings common = common_of_reader();
  ModelSettings model;
  AttackSettings attack{.eps = {}, .steps = 100, .step_size = {}};  // its eps is unused: see eps
  std::string from;                                                 // a file or a run directory
  MaskList mask;
  std::string source;                 // where adversarial examples are made; empty: on `from`
  std::optional<double> source_mask;  // and through which mask; empty: the one that is judged
  std::vector<AttackName> attacks{AttackName::pgd};
  bool worst_case = false;  // run them one after the other, each on the survivors of those before
  std::vector<Strength> eps{Strength{}};
  Index restarts = 1, batch = 128;
  Index queries = 5000;  // of Square
  Index targets = 9;     // classes that APGD-T and FAB-T aim at; at most all but the true one
  Keep keep = Keep::last;
  AaVersion aa_version = AaVersion::standard;
  bool aa_compat = false;  // the original's squares: the same for all images
  SplitChoice split = SplitChoice::test;
  std::string save_adversarial, per_image, against, robustbench_json;  // files; empty: none
  std::string save_pictures;                                           // a folder of PNG files
  std::string corruptions;             // a folder laid out as CIFAR-10-C; empty: none
  std::optional<double> against_mask;  // pair every mask with this one; empty: the list's first
  std::optional<Index> quantize;       // 8: round adversarial images to multiples of 1/255
  Format format = Format::text;        // of what is printed
  bool per_class = false;              // print a table of classes
  bool reuse_broken = false;           // what a smaller ε broke is not attacked again
  bool checks = true;                  // of the evaluation itself
  bool resume = false;

  /// Are adversarial examples made elsewhere than where they are judged?
  bool keeps_images() const { return !save_adversarial.empty() || !save_pictures.empty(); }
  bool transfers() const { return !source.empty() || source_mask; }
};

struct PredictSettings {
  CommonSettings common = common_of_reader();
  ModelSettings model;
  std::string from, logits;
  std::string features, layer = "bn1";  // a file, or empty; the norm that it sees
  double mask = 0;
  SplitChoice split = SplitChoice::test;
  Index batch = 128;
};

/// p·first + (1−p)·second of γ, β and running statistics, each p evaluated. In `evaluate`, from is
/// unused.
struct InterpolateSettings {
  EvaluateSettings evaluate;
  std::string first, second;
  std::vector<double> p{0, 0.25, 0.5, 0.75, 1};
  bool affine_only = false;  // statistics are first's
  std::string save;          // one k = 2 checkpoint with split statistics; empty: none
};

/// Plain weights at one mask, written to common.out.
struct ExportSettings {
  CommonSettings common;
  ModelSettings model;
  std::string from;
  double mask = 0;
};

/// One page of one or several run directories, written to common.out. An empty common.data is each
/// run's own.
struct ReportSettings {
  ReportSettings() { common.limit_test = 200; }

  CommonSettings common = common_of_reader();
  std::vector<std::string> runs;
  std::vector<double> masks{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
  Strength eps{.value = 0, .text = ""};                            // no text: the run's eps_max
  AttackSettings attack{.eps = {}, .steps = 20, .step_size = {}};  // its eps and norm are unused
  Index images = 8, batch = 128;
  bool resume = false;
};

struct BenchSettings {
  CommonSettings common;
  ModelSettings model;
  Index batch = 128;
  std::vector<Workload> workloads{Workload::train, Workload::pgd, Workload::robmask};
  Index repeats = 5;       // timed runs after those that warm up; their median counts
  bool replay = true;      // as in training
  std::string save, init;  // a file of weights and images, to be written or begun with; empty: none
  bool worker = false;     // do as lines on standard input say
};

/// A table or figure of the paper, at a scale; common.data is a list.
struct ReproduceSettings {
  CommonSettings common;
  std::string experiment;  // table1 … figure4, claims, ablations, tradeoff; or all
  ScaleName scale = ScaleName::smoke;
  std::vector<std::string> only;  // parts of cells' names; empty: all cells
  bool dry_run = false;
};

/// Describes the checkpoint `from`, or the data set common.data if `from` is empty.
struct InfoSettings {
  CommonSettings common;
  ModelSettings model;
  std::string from;
};

}  // namespace robmask
