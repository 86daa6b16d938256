#pragma once
// The sizes of the image files of a folder, and the one that all of them become.

#include <string>
#include <vector>

#include "data/dataset.h"

namespace robmask {

struct SizeCount {
  Index height = 0, width = 0;
  Index files = 0;
  Path first;
};

/// The sizes of files, the commonest first; those that cannot be read are passed over.
std::vector<SizeCount> image_sizes(const std::vector<Path>& files);

/// "7 of 32x32 (the first a.png), 1 of 33x32 (the first b.png)", three of them at most.
std::string listed(const std::vector<SizeCount>& sizes);

/// The side that images of these sizes become if nobody says it: theirs, if they are squares of one
/// size of 8 to 64 pixels a side, else 224. InputError where most of them are such squares, but not all
/// of one size: one file more or less would decide.
Index side_of(const std::vector<SizeCount>& sizes, const Path& folder);

}  // namespace robmask
