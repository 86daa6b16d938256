#pragma once
// What a folder of class folders holds, and images of which sizes, before any image is read.

#include <string>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

/// Image files and their labels, class by class.
struct Listing {
  std::vector<Path> files;
  std::vector<std::int32_t> labels;
  std::string left_out;  // a warning about images of other formats, or empty

  Index size() const { return static_cast<Index>(files.size()); }
  /// Keeps those at `places`, in that order.
  void keep(const std::vector<Index>& places);
};

/// The labels' names: classes.txt of `folder`, one a line, or else the class folders of its splits
/// `train` and `test` (the first of the two that exists).
std::vector<std::string> find_classes(const Path& folder, const Path& train, const Path& test);

/// Every image below a folder, in folders below too, sorted by path; none if there is no such
/// folder.
std::vector<Path> images_below(const Path& folder);

/// Every image of split/<class>/, also in folders below, sorted by path. Images of formats that are
/// not read here (WebP, TIFF, …) are left out.
/// Throws InputError for a class folder that is not in `classes` or holds no image, and for a split
/// without class folders.
Listing list_images(const Path& split, const std::vector<std::string>& classes);

/// The files that are named, and every image below folders that are, in the order of the names; no
/// labels. InputError for a name of nothing, and for a folder that holds no image.
Listing list_pictures(const std::vector<Path>& names);

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
/// size of 8 to 64 pixels a side, else 224. InputError where most of them are such squares, but not
/// all of one size: one file more or less would decide.
Index side_of(const std::vector<SizeCount>& sizes, const Path& folder);

}  // namespace robmask
