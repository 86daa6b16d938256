#pragma once
// What several commands do at their start and end.

#include <string>

#include "data/dataset.h"
#include "data/files/json.h"
#include "data/subset.h"
#include "tools/robmask/options/common.h"
#include "tools/robmask/options/network.h"
#include "training/checkpoint.h"

namespace robmask {

/// The machine that resolved settings ask for, set to their precision; and the types of feature maps
/// and of all else (f32 beside bf16).
Backend& machine_of(const CommonSettings& common);
DType maps_of(const CommonSettings& common);
DType dtype_of(const CommonSettings& common);

/// What common settings say of data.
DataOptions data_options(const CommonSettings& common, bool train, bool test);

/// The data set of the settings, with the splits a command needs; a folder's images at `image_size`, if
/// given. Says in a log line, or in the InputError for data that cannot be had, where a --data that was not
/// given comes from. Its warnings are to be told once all else is found in order: bad input gets one line.
Dataset load_data(const CommonSettings& common, bool train, bool test,
                  std::optional<Index> image_size = {});
/// The same as the model `from` sees them: at its size, labels as it counts its classes.
Dataset load_data(const CommonSettings& common, bool train, bool test, const CheckpointInfo& from,
                  MatchClasses match = MatchClasses::name);

/// The split that evaluate and predict show the model `from`, with its data set's normalization.
/// InputError if it has no images.
struct ChosenSplit {
  Split images;
  Normalization normalization;
  std::vector<std::string> classes;  // label → name
  std::vector<std::string> warnings;
};
ChosenSplit load_split(const CommonSettings& common, Part part, const CheckpointInfo& from,
                       MatchClasses match);

/// Warns of what a user should know of images.
void tell_of(const std::vector<std::string>& warnings);

/// Prints a result to stdout: the JSON with --json, else the text.
void print_result(const CommonSettings& common, const Json& json, const std::string& text);

}  // namespace robmask
