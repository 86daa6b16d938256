#include "data/imagenet.h"

#include <iterator>
#include <string_view>

#include "data/image_folder.h"

namespace robmask {

const std::vector<std::string>& imagenet_wnids() {
  // Views: a list of a thousand std::strings takes the compiler longer than the rest of this file.
  static constexpr std::string_view names[]{
#include "data/imagenet_wnids.inc"
  };
  static const std::vector<std::string> wnids(std::begin(names), std::end(names));
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
