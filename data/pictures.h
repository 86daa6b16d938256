#pragma once
// Pictures of one's own, as a network is shown them: of any size, any way up, without labels.

#include <string>
#include <vector>

#include "data/dataset.h"

namespace robmask {

struct Pictures {
  struct Size {
    Index height = 0, width = 0;
  };
  Split split;              // resident, side × side; its labels say nothing: nobody knows them
  std::vector<Size> sizes;  // of the whole pictures
  std::vector<std::string> skipped;  // broken ones: what is wrong, a line each
};

/// Decodes files (data/decode.h), turns them upright, and resizes and crops them as a network of
/// that side was tested (shown(), data/crops.h). InputError for the first broken one, unless they
/// are skipped.
Pictures read_pictures(const std::vector<Path>& files, Index side,
                       BrokenImages broken = BrokenImages::stop,
                       Index max_pixels = usual_max_pixels);

}  // namespace robmask
