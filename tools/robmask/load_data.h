#pragma once
// The data sets that settings name, as commands show them to models.

#include <optional>
#include <string>
#include <vector>

#include "data/class_names.h"
#include "data/dataset.h"
#include "data/subset.h"
#include "tools/robmask/options/common.h"
#include "training/checkpoint.h"

namespace robmask {

/// What common settings say of data.
DataOptions data_options(const CommonSettings& common, bool train, bool test);

/// The data set of the settings, with the splits a command needs; a folder's images at
/// `image_size`, if given. Says in a log line, or in the InputError for data that cannot be had,
/// where a --data that was not given comes from. Its warnings are to be told once all else is found
/// in order: bad input gets one line.
Dataset load_data(const CommonSettings& common, bool train, bool test,
                  std::optional<Index> image_size = {});
/// The same as the model `from` sees them: at its size, labels as it counts its classes.
Dataset load_data(const CommonSettings& common, bool train, bool test, const CheckpointInfo& from,
                  MatchClasses match);

/// The same with one part only: the images that evaluate and predict show the model. InputError if
/// there are none.
Dataset load_data(const CommonSettings& common, Part part, const CheckpointInfo& from,
                  MatchClasses match = MatchClasses::name);

/// Warns of what a user should know of images.
void tell_of(const std::vector<std::string>& warnings);

}  // namespace robmask
