#include "data/image_folder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "data/crops.h"
#include "data/files/one_line.h"
#include "data/imagenet.h"
#include "data/listing.h"
#include "data/parallel.h"
#include "data/subset.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

/// Applies `use` to each decoded image, or, if broken images are skipped, drops from the listing
/// those that cannot be decoded, with a warning; `use(i, image)` gets the place in the old listing,
/// and the places that stay are returned.
template <class F>
std::vector<Index> decode_all(Listing& listing, const DataOptions& options, const F& use) {
  const auto problems =
      parallel_refusals(listing.size(), options.broken == BrokenImages::stop, [&](Index i) {
        with_image(listing.files[i], options.max_pixels,
                   [&](const Image& image) { use(i, image); });
      });
  std::vector<Index> whole;
  for (Index i = 0; i < listing.size(); ++i)
    if (problems[i].empty())
      whole.push_back(i);
    else  // at once: a refusal may follow, where none is left
      fmt::print(stderr, "robmask: warning: skipped {}\n", one_line(problems[i]));
  listing.keep(whole);
  return whole;
}

/// Files of another size are fitted, with a warning.
Split resident_split(Listing listing, Index side, const DataOptions& options, Dataset& data) {
  Split split;
  split.height = split.width = side;
  const Index bytes = split.image_bytes();
  split.pixels.resize(listing.size() * bytes);
  std::vector<Path> others(listing.size());
  const auto places = decode_all(listing, options, [&](Index i, const Image& image) {
    const bool fits = image.height == side && image.width == side;
    const Image own = fits ? Image{} : fitted(image, side);
    std::ranges::copy(fits ? image.pixels : own.pixels, split.pixels.begin() + i * bytes);
    if (!fits) others[i] = listing.files[i];
  });
  std::erase(others, Path());
  if (!others.empty())
    data.warnings.push_back(fmt::format("images of other sizes are resized to {}x{}: {}", side,
                                        side, listed(image_sizes(others))));
  auto next = split.pixels.begin();
  for (const Index place : places)  // close the gaps that broken images left
    next = std::copy_n(split.pixels.begin() + place * bytes, bytes, next);
  split.pixels.erase(next, split.pixels.end());
  split.labels = std::move(listing.labels);
  split.files = std::move(listing.files);
  return split;
}

Split streamed_split(Listing listing, Index side, Part part, const DataOptions& options) {
  if (options.broken == BrokenImages::skip)
    decode_all(listing, options, [](Index, const Image&) {});
  Split split;
  split.height = split.width = side;
  split.labels = std::move(listing.labels);
  split.files = std::move(listing.files);
  split.views = FileViews{part == Part::train, options.seed, options.max_pixels};
  return split;
}

/// The side of all images, which must not depend on which split or how many of its images are asked
/// for.
Index settled_side(const Path& folder, const Path& train, const Path& test,
                   const DataOptions& options) {
  if (options.image_size > 0) return options.image_size;
  std::vector<Path> files = images_below(train);
  const std::vector<Path> more = images_below(test);
  files.insert(files.end(), more.begin(), more.end());
  return side_of(image_sizes(files), folder);
}

}  // namespace

Dataset load_image_folder(const Path& folder, const DataOptions& options,
                          const std::vector<std::string>& known) {
  const Path train = folder / "train";
  const Path test = fs::is_directory(folder / "test") ? folder / "test" : folder / "val";
  require(!options.train || fs::is_directory(train),
          "{}: no such folder; training images are expected in {}", train.string(),
          (train / "<class>").string());
  require(!options.test || fs::is_directory(test),
          "{}: expected a folder test/ or val/ with test images in <class>/, found neither",
          folder.string());

  Dataset data;
  data.name = "folder";
  data.classes = known.empty() ? find_classes(folder, train, test) : known;
  const Index side = settled_side(folder, train, test, options);
  const auto load = [&](const Path& split, Part part) {
    Listing listing = list_images(split, data.classes);
    if (!listing.left_out.empty()) data.warnings.push_back(listing.left_out);
    listing.keep(choose_images(listing.labels, part, options, data));
    return side <= largest_whole_side ? resident_split(std::move(listing), side, options, data)
                                      : streamed_split(std::move(listing), side, part, options);
  };
  if (options.train) data.train = load(train, Part::train);
  if (options.test) data.test = load(test, Part::test);
  for (const auto& [wanted, split, name] :
       {std::tuple{options.train, &data.train, train}, {options.test, &data.test, test}})
    require(!wanted || split->size() > 0, "{}: expected a readable image, found none",
            name.string());
  // From here on names are text: a folder's may be any bytes.
  for (std::string& name : data.classes) name = one_line(name);
  data.normalization = side == 32 ? normalizations::cifar10 : normalizations::imagenet;
  return data;
}

Dataset load_imagenet(const Path& folder, DataOptions options) {
  if (options.image_size == 0) options.image_size = 224;
  Dataset data = load_image_folder(folder, options, imagenet_wnids());
  data.name = "imagenet";
  data.normalization = normalizations::imagenet;
  return data;
}

}  // namespace robmask
