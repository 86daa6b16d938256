// The sizes of the image files of a folder, and the one that all of them become.

#include <algorithm>
#include <map>
#include <utility>

#include "data/decode.h"
#include "data/listing.h"
#include "engine/threads.h"

namespace robmask {

std::vector<SizeCount> image_sizes(const std::vector<Path>& files) {
  std::vector<Image> sizes(files.size());
  parallel_for(std::ssize(files), [&](Index i) {
    try {
      sizes[i] = read_image_size(files[i]);
    } catch (const InputError&) {  // is told of when its pixels are wanted
    }
  });
  std::map<std::pair<Index, Index>, SizeCount> counts;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto [height, width, pixels] = sizes[i];
    if (height == 0) continue;  // broken
    ++counts.try_emplace({height, width}, SizeCount{height, width, 0, files[i]})
          .first->second.files;
  }
  std::vector<SizeCount> list;
  for (auto& [size, count] : counts) list.push_back(std::move(count));
  std::ranges::stable_sort(list, std::ranges::greater{}, &SizeCount::files);
  return list;
}

std::string listed(const std::vector<SizeCount>& sizes) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, sizes.size()); ++i) {
    const auto& [height, width, files, first] = sizes[i];
    text += fmt::format("{}{} of {}x{} (the first {})", i == 0 ? "" : ", ", files, height, width,
                        first.string());
  }
  if (sizes.size() > most) text += fmt::format(" and {} more sizes", sizes.size() - most);
  return text;
}

Index side_of(const std::vector<SizeCount>& sizes, const Path& folder) {
  // DenseNet halves the image three times, so a smaller one would leave nothing.
  constexpr Index smallest = 8, largest = 64, imagenet = 224;
  Index files = 0, small_squares = 0, side = 0;
  for (const auto& [height, width, count, first] : sizes) {
    files += count;
    if (height != width || height < smallest || height > largest) continue;
    small_squares += count;
    if (side == 0) side = height;  // the commonest
  }
  if (2 * small_squares <= files) return imagenet;
  require(sizes.size() == 1,
          "{}: expected images of one size, got {}; give `image_size` {} to resize the others, or "
          "remove them",
          folder.string(), listed(sizes), side);
  return side;
}

}  // namespace robmask
