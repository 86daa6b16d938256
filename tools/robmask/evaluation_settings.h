#pragma once
// What evaluate and interpolate are told alike; a report is evaluated by the same settings.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/subset.h"
#include "tools/robmask/options/common.h"
#include "tools/robmask/options/network.h"
#include "tools/robmask/result_text.h"

namespace robmask {

/// `--mask LIST` or `--mask match`: p = min(1, ε/eps_max) of the checkpoint, for each ε.
struct MaskList {
  bool match = false;
  std::vector<double> values{0};  // if not match
};

template <>
struct Value<MaskList> {
  static std::string words() { return "match or a list of numbers from 0 to 1"; }
  static bool read(std::string_view text, MaskList& masks) {
    masks.match = text == "match";
    return masks.match || (Value<std::vector<double>>::read(text, masks.values) &&
                           in_range(from_to(0, 1), masks.values));
  }
  static Json write(const MaskList& v) { return v.match ? Json("match") : Json(v.values); }
};

struct EvaluationSettings {
  CommonSettings common = common_of_reader();
  NetworkSettings network;
  AttackSettings attack{.steps = 100};
  std::vector<Strength> eps{Strength{}};
  std::string from;  // a file or a run directory
  MaskList mask;
  std::string source;                 // where adversarial examples are made; empty: on `from`
  std::optional<double> source_mask;  // and through which mask; empty: the one that is judged
  std::vector<AttackName> attacks{AttackName::pgd};
  bool worst_case = false;  // run them one after the other, each on the survivors of those before
  Index restarts = 1, batch = 128;
  Index queries = 5000;  // of Square
  Index targets = 9;     // classes that APGD-T and FAB-T aim at; at most all but the true one
  Keep keep = Keep::last;
  AaVersion aa_version = AaVersion::standard;
  bool aa_compat = false;  // the original's squares: the same for all images
  Part split = Part::test;
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

  bool keeps_images() const { return !save_adversarial.empty() || !save_pictures.empty(); }
  /// Are adversarial examples made elsewhere than where they are judged?
  bool transfers() const { return !source.empty() || source_mask; }
};

/// All of evaluate's options; a journal knows an evaluation again by them.
void add_options(Options& options, EvaluationSettings& settings);
/// Those that interpolate has too: all but --from, --mask and those of a transfer.
void add_evaluation(Options& options, EvaluationSettings& settings);

void check_evaluation(const EvaluationSettings& settings);
/// The options that only concern other attacks than those listed.
std::set<std::string> unused_by_attacks(const EvaluationSettings& settings);

}  // namespace robmask
