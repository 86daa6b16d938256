#pragma once
// A folder of images, one sub-folder a class: train/<class>/* and test/<class>/* (or val/), as
// torchvision's ImageFolder reads it.

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/files/input_file.h"

namespace robmask {

/// Loads the wanted splits of `folder`. The classes are `known` if given, else the lines of
/// classes.txt, else the class folders of train/ (of test/ where there is no train/) in
/// alphabetical order; a class may lack a folder. File order is class by class, file names sorted.
/// Hidden files and files that are no images are passed over.
/// All images become squares of one side (DataOptions::image_size, side_of). Up to 64 pixels,
/// they are resident: files of that size as they are, others resized. Larger ones are crops read
/// from disk batch by batch (data/crops.h).
/// Throws InputError for a missing folder, a class folder of no class or without images, and broken
/// images (at loading for resident splits, else when they are read; see BrokenImages).
Dataset load_image_folder(const Path& folder, const DataOptions& options,
                          const std::vector<std::string>& known = {});

/// ImageNet (ILSVRC 2012): train/<wnid>/*, val/<wnid>/*; the label of a folder is the place of its
/// wnid among all 1,000 in order, also where only some of the folders are there. 224×224 crops
/// (options.image_size for another size).
Dataset load_imagenet(const Path& folder, DataOptions options);

}  // namespace robmask
