#include "training/contents.h"

#include <algorithm>

#include "models/model.h"

namespace robmask {

namespace {

using Names = std::map<std::string_view, const NamedTensor*>;

/// "model.mu" → "model." and "mu"
std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
  const std::size_t end = name.rfind('.') + 1;  // 0 where there is no dot
  return {name.substr(0, end), name.substr(end)};
}

/// The prefixes under which a model's first and last tensor stand, the shortest first.
std::vector<std::string> prefixes_in(const Names& names, const std::string& first,
                                     const std::string& last) {
  std::vector<std::string> found;
  for (const auto& [name, tensor] : names) {
    if (!name.ends_with(first)) continue;
    const std::string prefix(name.substr(0, name.size() - first.size()));
    const auto follows = [&](const auto& other) {
      return other.first.starts_with(prefix) &&
             canonical(std::string(other.first.substr(prefix.size()))) == last;
    };
    if (std::ranges::any_of(names, follows)) found.push_back(prefix);
  }
  std::ranges::stable_sort(found, {}, &std::string::size);
  return found;
}

/// Does every tensor under `second` stand under `first` too, with the same values?
bool is_copy(const Names& names, const std::string& first, const std::string& second) {
  for (auto at = names.lower_bound(second); at != names.end() && at->first.starts_with(second);
       ++at) {
    const auto twin = names.find(first + std::string(at->first.substr(second.size())));
    if (twin == names.end() || twin->second->tensor != at->second->tensor) return false;
  }
  return true;
}

/// The tensors that hold pixels' mean and standard deviation: of RobustBench, of a layer that
/// normalizes, of MadryLab/robustness.
constexpr std::pair<std::string_view, std::string_view> pixel_names[] = {
    {"mu", "sigma"}, {"mean", "std"}, {"new_mean", "new_std"}};

std::array<double, 3> three_of(const std::string& source, const NamedTensor& t, double low) {
  constexpr double most = 1e6;  // keeps (x − mean) / std finite in f32
  const std::string what = fmt::format("{}: tensor {}", source, printable(t.name));
  std::array<double, 3> three{};
  std::ranges::copy(t.tensor.to<double>(what), three.begin());
  for (const double v : three)
    require(low <= v && v <= most, "{}: expected numbers from {} to {}, got {}", what, low, most,
            v);
  return three;
}

/// Takes mean and standard deviation of pixels out of `names`.
std::optional<Normalization> take_normalization(const std::string& source, Names& names) {
  std::optional<Normalization> found;
  const Names all = names;
  for (const auto& [name, mean] : all)
    for (const auto& [mean_name, std_name] : pixel_names) {
      const auto [layer, last] = split_name(name);
      if (last != mean_name || mean->tensor.count() != 3) continue;
      const auto std = all.find(std::string(layer) + std::string(std_name));
      if (std == all.end() || std->second->tensor.count() != 3) continue;
      const Normalization own{three_of(source, *mean, -1e6), three_of(source, *std->second, 1e-6)};
      require(!found || *found == own,
              "{}: expected one normalization of pixels, got another by {}", source,
              printable(mean->name));
      found = own;
      names.erase(name);
      names.erase(std->first);
    }
  return found;
}

/// Finds the contents' model, or else another that is known, by its first and its last tensor, which
/// become those of `contents`. The prefixes under which they stand.
std::vector<std::string> find_model(Contents& contents, const Names& names) {
  std::vector<std::string> candidates{contents.model};
  std::ranges::copy(model_names(), std::back_inserter(candidates));
  std::string expected;
  for (const std::string& model : candidates) {
    const std::vector<Entry> entries = Model::list({.name = model});
    contents.first = canonical(entries.front().name);
    contents.last = canonical(entries.back().name);
    if (expected.empty())
      expected = fmt::format("\"{}\" and \"{}\"", contents.first, contents.last);
    const std::vector<std::string> prefixes = prefixes_in(names, contents.first, contents.last);
    if (!prefixes.empty()) return prefixes;
  }
  throw InputError(fmt::format(
      "{}: expected tensors {}, the first and the last of {}, or those of another network, under "
      "their names or under one prefix: are these a model's weights?",
      contents.file->source, expected, contents.model));
}

}  // namespace

std::string canonical(std::string name) {
  if (const auto at = name.find(".downsample."); at != std::string::npos)
    name.replace(at, 12, ".shortcut.");
  if (name.starts_with("fc.")) name.replace(0, 2, "linear");
  return name;
}

Index Contents::outputs_of(const std::string& name) const {
  const auto at = tensors.find(name);
  require(at != tensors.end() && !at->second->tensor.shape.empty(),
          "{}: expected a tensor \"{}{}\" of one axis or more, got one number", file->source,
          prefix, name);
  return at->second->tensor.shape[0];
}

Contents contents_of(const SafeTensors& file, const std::string& model) {
  Names names;
  for (const NamedTensor& t : file.tensors) names.emplace(t.name, &t);
  Contents contents;
  contents.file = &file;
  contents.model = model;
  if (const auto said = file.metadata.find("model"); model.empty() && said != file.metadata.end())
    contents.model = said->second;
  if (!is_network(contents.model)) contents.model = ModelSpec().name;
  contents.normalization = take_normalization(file.source, names);
  const std::vector<std::string> prefixes = find_model(contents, names);
  contents.prefix = prefixes.front();
  const auto is_under = [](std::string_view name) {
    return [name](const std::string& prefix) { return name.starts_with(prefix); };
  };
  const std::span copies = std::span(prefixes).subspan(1);
  for (const std::string& other : copies)
    require(is_copy(names, contents.prefix, other),
            "{}: expected one model, got two that differ, under {} and {}: keep one of them",
            file.source, printable(contents.prefix), printable(other));
  for (const auto& [name, tensor] : names) {
    if (std::ranges::any_of(copies, is_under(name)) || split_name(name).second == "n_averaged")
      continue;  // n_averaged: of torch.optim.swa_utils.AveragedModel
    if (!name.starts_with(contents.prefix)) {
      contents.beside.emplace_back(name);
      continue;
    }
    const std::string plain = canonical(std::string(name.substr(contents.prefix.size())));
    if (plain.starts_with("sub_block1.")) continue;  // of TRADES' Wide ResNet, which never runs it
    require(contents.tensors.emplace(plain, tensor).second, "{}: two tensors stand for {}",
            file.source, printable(plain));
  }
  return contents;
}

}  // namespace robmask
