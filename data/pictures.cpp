#include "data/pictures.h"

#include "data/crops.h"
#include "data/parallel.h"

namespace robmask {

Pictures read_pictures(const std::vector<Path>& files, Index side, BrokenImages broken,
                       Index max_pixels) {
  struct Read {
    Image view;
    Pictures::Size size;
  };
  std::vector<Read> read(files.size());
  std::vector<std::string> problems =
      parallel_refusals(std::ssize(files), broken == BrokenImages::stop, [&](Index i) {
        with_upright(files[i], max_pixels, [&](const Image& image) {
          read[i] = {shown(image, side), {image.height, image.width}};
        });
      });
  Pictures pictures;
  Split& split = pictures.split;
  split.height = split.width = side;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!problems[i].empty()) {
      pictures.skipped.push_back(std::move(problems[i]));
      continue;
    }
    split.pixels.insert(split.pixels.end(), read[i].view.pixels.begin(), read[i].view.pixels.end());
    split.labels.push_back(0);
    split.files.push_back(files[i]);
    pictures.sizes.push_back(read[i].size);
  }
  return pictures;
}

}  // namespace robmask
