#include "data/imagenet.h"

#include "data/image_folder.h"

namespace robmask {

const std::vector<std::string>& imagenet_wnids() {
  static const std::vector<std::string> wnids{
#include "data/imagenet_wnids.inc"
  };
  return wnids;
}

Dataset load_imagenet(const Path& folder, DataOptions options) {
  if (options.image_size == 0) options.image_size = 224;
  Dataset data = load_image_folder(folder, options, imagenet_wnids());
  data.name = "imagenet";
  data.normalization = normalizations::imagenet;
  return data;
}

}  // namespace robmask
