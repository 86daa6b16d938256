#include "data/class_names.h"

#include <algorithm>
#include <set>

#include "engine/check.h"

namespace robmask {
namespace {

using Names = std::vector<std::string>;

/// The labels that images have.
std::set<std::int32_t> labels_of(const Dataset& data) {
  std::set<std::int32_t> labels(data.train.labels.begin(), data.train.labels.end());
  labels.insert(data.test.labels.begin(), data.test.labels.end());
  return labels;
}

/// Does a user's own folder say what the classes are?
bool is_folder(const Dataset& data) { return data.name == "folder"; }

void match_names(Dataset& data, const Names& names) {
  std::vector<std::int32_t> meant(data.classes.size(), -1);
  for (const std::int32_t label : labels_of(data)) {
    const std::string& name = data.classes[label];
    const auto at = std::ranges::find(names, name);
    require(at != names.end(),
            "`data` {}: expected images of the model's {} classes ({}), got some of {}; rename or "
            "remove them, or number classes as they come with `match_classes` position",
            data.spec, names.size(), some_names(names), printable(name));
    meant[label] = static_cast<std::int32_t>(at - names.begin());
  }
  for (Split* split : {&data.train, &data.test})
    for (std::int32_t& label : split->labels) label = meant[label];
  const auto known = std::ranges::count_if(
      names, [&](const std::string& name) { return std::ranges::count(data.classes, name) > 0; });
  if (known < std::ssize(names))
    data.warnings.push_back(
        fmt::format("`data` {}: knows {} of the model's {} classes; labels go by "
                    "the classes' names",
                    data.spec, known, names.size()));
}

}  // namespace

std::string some_names(const Names& names) {
  const Names first(names.begin(), names.begin() + std::min<Index>(3, std::ssize(names)));
  std::string text;
  for (const std::string& name : first) text += (text.empty() ? "" : ", ") + printable(name);
  return text + (std::ssize(names) > 3 ? ", …" : "");
}

void match_classes(Dataset& data, const ModelClasses& model, MatchClasses how) {
  const bool by_name = how == MatchClasses::name && !model.names.empty() && !data.classes.empty();
  const bool strangers = std::ranges::none_of(data.classes, [&](const std::string& name) {
    return std::ranges::count(model.names, name) > 0;
  });
  if (by_name && (is_folder(data) || !strangers)) {
    match_names(data, model.names);
    data.classes = model.names;
    return;
  }
  require(
      how == MatchClasses::position || !is_folder(data) || std::ssize(data.classes) == model.count,
      "`data` {}: {} class folders, the model has {} classes and does not say their names: "
      "which is which cannot be known; list the model's classes in its order, one a line, in "
      "classes.txt beside test/",
      data.spec, data.classes.size(), model.count);
  const auto labels = labels_of(data);
  require(labels.empty() || *labels.rbegin() < model.count,
          "`data` {}: expected labels below {} (the model's classes), got {}", data.spec,
          model.count, labels.empty() ? 0 : *labels.rbegin());
  if (by_name)
    data.warnings.push_back(
        fmt::format("`data` {}: none of its classes ({}) is one of the model's ({}); they are "
                    "numbered as they come",
                    data.spec, some_names(data.classes), some_names(model.names)));
  else if (!model.names.empty())
    data.classes = model.names;
  else if (!data.classes.empty() && std::ssize(data.classes) < model.count)
    data.warnings.push_back(
        fmt::format("`data` {}: has {} classes, the model {}, without names; "
                    "they are numbered as they come",
                    data.spec, data.classes.size(), model.count));
}

}  // namespace robmask
