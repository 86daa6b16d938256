#pragma once
// ImageNet (ILSVRC 2012): train/<wnid>/*, val/<wnid>/*; the label of a folder is the place of its wnid
// among all 1,000 in order, also where only some of the folders are there.

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/files/input_file.h"

namespace robmask {

/// The 1,000 WordNet ids of the classes, in order.
const std::vector<std::string>& imagenet_wnids();

/// 224×224 crops read from disk as they are needed (options.image_size for another size).
Dataset load_imagenet(const Path& folder, DataOptions options);

}  // namespace robmask
