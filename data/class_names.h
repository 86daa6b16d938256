#pragma once
// Labels that mean the same to a model and to the images it is shown.

#include <string>
#include <vector>

#include "data/dataset.h"

namespace robmask {

/// "'blue', 'cyan', 'green', …": the first three.
std::string some_names(const std::vector<std::string>& names);

/// What a model says of its outputs.
struct ModelClasses {
  Index count = 0;
  std::vector<std::string> names;  // output → name; empty: it does not say them
};

/// How the classes of images find those of a model.
enum class MatchClasses {
  name,      // by their names, where both have names
  position,  // the first class of the images is the model's first
};
constexpr auto names(MatchClasses) {
  using enum MatchClasses;
  return std::to_array<Named<MatchClasses>>({{name, "name"}, {position, "position"}});
}

/// Renumbers the labels of `data` as the model counts its classes, whose names then are those of
/// `data`. Fewer classes than the model's are fine if they are matched by name; a warning says how
/// many there are. Sets of records (CIFAR, synthetic) that know none of them, or have fewer than a
/// model without names, go by position, with a warning. InputError for images of a class that is
/// not the model's, for labels beyond its outputs, and for a folder with another number of classes
/// than a model that does not say their names.
void match_classes(Dataset& data, const ModelClasses& model, MatchClasses how);

}  // namespace robmask
