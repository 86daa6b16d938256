#include "tools/robmask/robustbench.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/robmask/text_table.h"

namespace robmask {

namespace {

std::string architecture_of(const ModelSpec& spec) {
  const std::string width = spec.width == 64 ? "" : fmt::format(" (width {})", spec.width);
  if (spec.name == "resnet18") return "ResNet-18" + width;
  if (spec.name == "preact18") return "PreActResNet-18" + width;
  if (spec.name == "densenet121") return "DenseNet-121";
  if (spec.name == "resnext29") return "ResNeXt-29 (2x64d)";
  if (spec.name == "resnet18-imagenet") return "ResNet-18 (ImageNet)";
  return "WideResNet" + spec.name.substr(spec.name.find("wrn") + 3);  // "-28-10"
}

/// Is it what RobustBench means by AutoAttack: the standard version at its own numbers?
bool is_leaderboards(const Json& r, Index classes) {
  return r["attack"] == "autoattack" && r["aa_version"] == "standard" && r["steps"] == 100 &&
         r["targets"] == std::min<Index>(9, classes - 1) && r["queries"] == 5000 &&
         r["quantized"] == false;
}

}  // namespace

Json robustbench_entry(const Json& r, const CheckpointInfo& model, const std::string& data) {
  const std::string attack = r["attack"], robust = per_cent(r["robust_accuracy"]);
  return {
      {"link", ""},
      {"name", fmt::format("{} {}", model.method, architecture_of(model.spec))},
      {"authors", ""},
      {"additional_data", false},
      {"number_forward_passes", 1},
      {"dataset", data.substr(0, data.find(':'))},
      {"venue", ""},
      {"architecture", architecture_of(model.spec)},
      {"eps", r["eps"]},
      {"clean_acc", per_cent(r["clean_accuracy"])},
      {"reported", robust},
      {"autoattack_acc", is_leaderboards(r, model.spec.classes) ? robust : ""},
      {"footnote",
       fmt::format("{} ({}), the first {} images, mask p = {}, {} statistics, {}, seed {}; 95 % "
                   "interval of the robust accuracy {} to {}.",
                   attack, r["norm"].get<std::string>(), r["n"].get<Index>(),
                   r["mask"].get<double>(), r["statistics"].get<std::string>(),
                   r["precision"].get<std::string>(), r["seed"].get<std::uint64_t>(),
                   per_cent(r["interval"][0]), per_cent(r["interval"][1]))}};
}

}  // namespace robmask
