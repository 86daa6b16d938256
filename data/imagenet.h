#pragma once
// The classes of ImageNet (ILSVRC 2012): what files call them, and what people do.

#include <string>
#include <vector>

namespace robmask {

/// The 1,000 WordNet ids of the classes, in order.
const std::vector<std::string>& imagenet_wnids();

/// The name of a class as people read it: for a wnid of ImageNet's, its word in WordNet 3.0
/// (n01440764 is "tench"), for any other name the name itself. No two wnids have one title.
std::string class_title(const std::string& name);
/// Those of several classes, in their order.
std::vector<std::string> class_titles(const std::vector<std::string>& names);

}  // namespace robmask
