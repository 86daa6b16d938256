// What the tensors of a weights file tell of their model.

#include <algorithm>
#include <set>

#include "training/weights.h"

namespace robmask {

namespace {

/// The tensor of that canonical name, or null.
const HostTensor* tensor_in(const SafeTensors& file, const std::string& name) {
  const auto found =
      std::ranges::find(file.tensors, name, [](const NamedTensor& t) { return canonical(t.name); });
  return found == file.tensors.end() ? nullptr : &found->tensor;
}

/// The model here that has such tensors; empty if none has.
std::string model_in(const SafeTensors& file) {
  const auto has = [&](const char* name) { return tensor_in(file, name) != nullptr; };
  if (has("dense1.0.conv1.weight")) return "densenet121";
  if (has("layer1.0.conv3.weight")) return has("layer4.0.conv3.weight") ? "" : "resnext29";
  if (!has("layer4.1.conv2.weight") || has("layer4.2.conv2.weight")) return "";
  if (!has("bn1.weight")) return "preact18";
  const HostTensor* stem = tensor_in(file, "conv1.weight");
  return stem != nullptr && stem->shape == std::vector<Index>{64, 3, 7, 7} ? "resnet18-imagenet"
                                                                           : "resnet18";
}

/// How many rows of "….weight" (masks) or "….running_mean" (pairs) the norms have: 1, and one for each
/// j of "….mask.<j>.weight".
Index rows_of(const SafeTensors& file, const std::string& end) {
  std::set<std::string> numbers;
  for (const NamedTensor& t : file.tensors) {
    const auto mask = t.name.rfind(".mask."), dot = t.name.rfind('.');
    if (mask != std::string::npos && t.name.substr(dot) == end)
      numbers.insert(t.name.substr(mask + 6, dot - mask - 6));
  }
  return 1 + static_cast<Index>(numbers.size());
}

}  // namespace

Index outputs_of(const SafeTensors& file, const std::string& name) {
  const HostTensor* tensor = tensor_in(file, name);
  require(tensor != nullptr && !tensor->shape.empty(),
          "{}: expected a tensor \"{}\", which every model has: are these a model's weights?",
          file.source, name);
  return tensor->shape[0];
}

void check_like(const SafeTensors& file, const ModelSpec& spec, bool spread_first_mask) {
  const auto compare = [&](const char* property, const auto& has, const auto& said,
                           const char* by) {
    require(has == said,
            "{}: expected {} {}, which its tensors have, got {}, as {} or its metadata says",
            file.source, property, has, said, by);
  };
  const std::string model = model_in(file);
  if (!model.empty()) compare("model", model, spec.name, "--model");
  compare("width", outputs_of(file, "conv1.weight"), spec.width, "--width");
  compare("classes", outputs_of(file, "linear.bias"), spec.classes, "the data");
  const Index masks = rows_of(file, ".weight"), pairs = rows_of(file, ".running_mean");
  if (!spread_first_mask || masks > spec.masks)
    compare("number of masks", masks, spec.masks, "--masks");
  if (!spread_first_mask || pairs > spec.pairs)
    compare("number of running statistics (one is shared, more are split)", pairs, spec.pairs,
            "--bn-stats");
}

}  // namespace robmask
