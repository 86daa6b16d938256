// Are a weights file's tensors those of a model? Answered from names and shapes, before any memory
// is taken for the model.

#include <algorithm>
#include <set>

#include "models/wide_resnet.h"
#include "training/contents.h"
#include "training/weights.h"

namespace robmask {

namespace {

/// How many rows of "….weight" (masks) or "….running_mean" (pairs) the norms have: 1, and one for
/// each j of "….mask.<j>.weight".
Index rows_in(const Contents& contents, const std::string& end) {
  std::set<std::string> numbers;
  for (const auto& [name, tensor] : contents.tensors) {
    const auto mask = name.rfind(".mask."), dot = name.rfind('.');
    if (mask != std::string::npos && name.substr(dot) == end)
      numbers.insert(name.substr(mask + 6, dot - mask - 6));
  }
  return 1 + static_cast<Index>(numbers.size());
}

/// The models that these tensors may be: all that have a name of their own here, and the Wide
/// ResNets of as many convolutions, 6n + 3 or + 4, and as many channels at the end.
std::vector<std::string> candidates(const Contents& contents) {
  std::vector<std::string> names = model_names();
  const auto convolutions = std::ranges::count_if(
      contents.tensors, [](const auto& t) { return t.second->tensor.shape.size() == 4; });
  const std::string last = contents.last.substr(0, contents.last.rfind('.')) + ".weight";
  const auto at = contents.tensors.find(last);
  if (at != contents.tensors.end() && at->second->tensor.shape.size() == 2)
    std::ranges::copy(wide_resnets((convolutions - 3) / 6, at->second->tensor.shape[1] / 64),
                      std::back_inserter(names));
  return names;
}

/// The model whose tensors these are, all of them and no others; none if there is no such model
/// here.
std::optional<ModelSpec> model_in(const Contents& contents) {
  ModelSpec spec{.classes = contents.classes(),
                 .masks = rows_in(contents, ".weight"),
                 .pairs = rows_in(contents, ".running_mean")};
  for (const std::string& name : candidates(contents)) {
    spec.name = name;
    spec.width = has_width(name) ? contents.width() : 64;
    try {
      sources_of(contents, Model::list(spec), spec);
      return spec;
    } catch (const InputError&) {  // not this one
    }
  }
  return std::nullopt;
}

/// Is it a tensor of the classifier, whose bias is a model's last one?
bool is_head(const std::string& name, const Contents& contents) {
  return canonical(name).substr(0, canonical(name).rfind('.')) ==
         contents.last.substr(0, contents.last.rfind('.'));
}

}  // namespace

std::vector<std::pair<StoredTensor, const NamedTensor*>> sources_of(
    const Contents& contents, const std::vector<Entry>& entries, const ModelSpec& spec,
    Reading reading) {
  const Index classes = contents.classes();
  const bool new_head = reading == Reading::start && classes != spec.classes;
  std::vector<std::pair<StoredTensor, const NamedTensor*>> sources;
  std::set<std::string> used;
  for (const StoredTensor& t : stored_tensors(entries, spec)) {
    auto at = contents.tensors.find(canonical(t.name));
    if (at == contents.tensors.end() && reading == Reading::start && t.row > 0)
      at = contents.tensors.find(canonical(t.entry->name));
    if (at == contents.tensors.end()) {
      require(
          t.entry->role == Role::tracked,
          "{}: expected a tensor \"{}{}\" for {}: are these the weights of another model, width, "
          "number of masks or kind of statistics?",
          contents.file->source, contents.prefix, t.name, spec.name);
      sources.emplace_back(t, nullptr);
      continue;
    }
    used.insert(at->first);
    std::vector<Index> shape = t.shape;
    const bool kept = new_head && is_head(t.entry->name, contents);
    if (kept) shape[0] = classes;
    const HostTensor& host = at->second->tensor;
    require(host.shape == shape || (t.entry->role == Role::tracked && host.count() == 1),
            "{}: tensor {}: expected shape {} for {}, got {}: are these the weights of another "
            "model, width or number of classes?",
            contents.file->source, printable(at->second->name), to_string(shape), spec.name,
            to_string(host.shape));
    sources.emplace_back(t, kept ? nullptr : at->second);
  }
  for (const auto& [name, tensor] : contents.tensors)
    require(used.contains(name),
            "{}: tensor {} is not part of {} with {} mask(s): are these the weights of another "
            "model or of more masks (`masks`, `bn_stats`)? What is no weight must be removed",
            contents.file->source, printable(tensor->name), spec.name, spec.masks);
  return sources;
}

std::string likely_network(const Contents& contents) {
  const std::optional<ModelSpec> is = model_in(contents);
  return is ? is->name : "";
}

void check_like(const Contents& contents, const ModelSpec& spec, Reading reading) {
  try {
    sources_of(contents, Model::list(spec), spec, reading);
    return;
  } catch (const InputError&) {  // what differs is said below
  }
  const auto compare = [&](const char* property, const auto& has, const auto& said,
                           const char* by) {
    require(has == said,
            "{}: expected {} {}, which its tensors have, got {}, as {} or its metadata says",
            contents.file->source, property, has, said, by);
  };
  if (const std::optional<ModelSpec> is = model_in(contents)) {
    const bool start = reading == Reading::start;
    compare("model", is->name, spec.name, "`model`");
    compare("width", is->width, spec.width, "`width`");
    if (!start) compare("classes", is->classes, spec.classes, "the data");
    if (!start || is->masks > spec.masks)
      compare("number of masks", is->masks, spec.masks, "`masks`");
    if (!start || is->pairs > spec.pairs)
      compare("number of running statistics (one is shared, more are split)", is->pairs, spec.pairs,
              "`bn_stats`");
  }
  sources_of(contents, Model::list(spec), spec, reading);
}

}  // namespace robmask
