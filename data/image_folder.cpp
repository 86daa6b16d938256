#include "data/image_folder.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "data/decode.h"
#include "data/image_source.h"
#include "data/listing.h"
#include "data/parallel.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

// DenseNet halves the image three times, so a smaller one would leave nothing.
constexpr Index smallest_resident_side = 8, largest_resident_side = 64, imagenet_side = 224;

/// Applies `use` to each decoded image, or, if broken images are skipped, drops from the listing those
/// that cannot be decoded, with a warning; `use(i, image)` gets the place in the old listing, and the
/// places that stay are returned.
template <class F>
std::vector<Index> decode_all(Listing& listing, BrokenImages broken, const F& use) {
  std::vector<std::string> problems(listing.files.size());
  try_parallel_for(listing.size(), [&](Index i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      use(i, decode_image(listing.files[at]));
    } catch (const InputError& error) {
      if (broken == BrokenImages::stop) throw;
      problems[at] = error.what();
    }
  });
  Listing whole;
  std::vector<Index> places;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (problems[i].empty()) {
      whole.files.push_back(std::move(listing.files[i]));
      whole.labels.push_back(listing.labels[i]);
      places.push_back(static_cast<Index>(i));
    } else {
      fmt::print(stderr, "warning: skipped {}\n", problems[i]);
    }
  }
  listing = std::move(whole);
  return places;
}

/// The size of all images if they are squares of one small size, as networks take them.
std::optional<Image> common_small_square(const std::vector<const Listing*>& listings,
                                         BrokenImages broken) {
  std::optional<Image> common;
  for (const Listing* listing : listings) {
    for (const Path& file : listing->files) {
      try {
        const Image size = read_image_size(file);
        if (!common) common = size;
        if (size.height != common->height || size.width != common->width) return std::nullopt;
      } catch (const InputError&) {
        if (broken == BrokenImages::stop) throw;
        continue;
      }
      const Index side = common->height;
      const bool small = smallest_resident_side <= side && side <= largest_resident_side;
      if (!small || side != common->width) return std::nullopt;
    }
  }
  return common;
}

Split resident_split(Listing listing, const Image& size, BrokenImages broken) {
  Split split;
  split.height = size.height;
  split.width = size.width;
  const Index bytes = split.image_bytes();
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(listing.size() * bytes));
  const auto places = decode_all(listing, broken, [&](Index i, const Image& image) {
    std::copy(image.pixels.begin(), image.pixels.end(), pixels.begin() + i * bytes);
  });
  Index next = 0;
  for (const Index place : places) {  // close the gaps that broken images left
    std::copy_n(pixels.begin() + place * bytes, bytes, pixels.begin() + next++ * bytes);
  }
  pixels.resize(static_cast<std::size_t>(next * bytes));
  split.pixels = std::move(pixels);
  split.labels = std::move(listing.labels);
  return split;
}

Split streamed_split(Listing listing, Index side, ImageSource::View view,
                     const DataOptions& options) {
  if (options.broken == BrokenImages::skip) {
    decode_all(listing, BrokenImages::skip, [](Index, const Image&) {});
  }
  Split split;
  split.height = split.width = side;
  split.labels = std::move(listing.labels);
  split.source = std::make_shared<ImageSource>(std::move(listing.files), side, view, options.seed);
  return split;
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
  Listing train_list, test_list;
  if (options.train) train_list = list_images(train, data.classes);
  if (options.test) test_list = list_images(test, data.classes);
  train_list.keep_first(options.limit_train);
  test_list.keep_first(options.limit_test);

  const auto small = options.image_size > 0
                         ? std::nullopt
                         : common_small_square({&train_list, &test_list}, options.broken);
  if (small) {
    if (options.train) data.train = resident_split(train_list, *small, options.broken);
    if (options.test) data.test = resident_split(test_list, *small, options.broken);
  } else {
    const Index side = options.image_size > 0 ? options.image_size : imagenet_side;
    using View = ImageSource::View;
    if (options.train) data.train = streamed_split(train_list, side, View::random, options);
    if (options.test) data.test = streamed_split(test_list, side, View::centre, options);
  }
  require(!options.train || data.train.size() > 0, "{}: expected a readable image, found none",
          train.string());
  require(!options.test || data.test.size() > 0, "{}: expected a readable image, found none",
          test.string());
  const Split& some = options.train ? data.train : data.test;
  data.normalization =
      some.height == 32 && some.width == 32 ? normalizations::cifar10 : normalizations::imagenet;
  return data;
}

}  // namespace robmask
