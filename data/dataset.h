#pragma once
// Labelled images, as every recipe and attack sees them: bytes, R G B interleaved, in file order.

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/decode.h"
#include "data/normalization.h"
#include "engine/choice.h"
#include "engine/shape.h"

namespace robmask {

/// How images are cut out of their files when a batch asks for them.
struct FileViews {
  bool random;  // train_view, keyed by (seed, crop, epoch, image); else test_view
  std::uint64_t seed;
  Index max_pixels;  // see decode_image
};

/// The training or the test images. A small set is resident: all pixels are in memory, and crops
/// and flips are the machine's (Backend::gather). A large one has `views` of its files instead,
/// which are decoded and cropped when a batch asks for them; `pixels` is then empty.
struct Split {
  std::vector<std::uint8_t> pixels;  // N·H·W·C
  std::vector<std::int32_t> labels;  // N
  Index height = 0, width = 0, channels = 3;
  std::vector<Path> files;  // of images that come from a file each
  std::optional<FileViews> views;

  Index size() const { return static_cast<Index>(labels.size()); }
  Index image_bytes() const { return height * width * channels; }
  bool resident() const { return !views; }
  /// The file of an image; empty where a file holds many.
  Path file_of(Index image) const;

  /// Writes the images `ids` to `out` (n·H·W·C bytes): views of files on all threads, as drawn for
  /// `epoch`; resident ones as they are. InputError names the first broken file of the batch. Safe
  /// to call from several threads, so a loader may read ahead.
  void read(std::span<const std::int32_t> ids, std::uint64_t epoch,
            std::span<std::uint8_t> out) const;
  /// Tells the images from others that the same name may come to mean: of their labels, and pixels;
  /// or names and sizes of their files where they are decoded when they are asked for.
  std::string fingerprint() const;
};

struct Dataset {
  std::string spec;  // as given: "cifar10:.data"
  std::string name;  // "synthetic", "cifar10", "cifar100", "folder", "imagenet" or "npy"
  std::vector<std::string> classes;  // label → name
  Split train, test;                 // empty if not asked for
  Normalization normalization;       // the default of this data set
  /// What a user should know of the images, a line each: a subset that lacks classes, resized
  /// files.
  std::vector<std::string> warnings;
};

/// Which images a limit keeps.
enum class Sample {
  first,     // in file order
  balanced,  // as many of each class, as far as there are, the first of each
  random,    // drawn by the seed
};
constexpr auto names(Sample) {
  using enum Sample;
  return std::to_array<Named<Sample>>(
      {{first, "first"}, {balanced, "balanced"}, {random, "random"}});
}

/// What to do with an image file that cannot be decoded.
enum class BrokenImages {
  stop,  // an InputError that names it
  skip,  // leave it out, with a warning on stderr; every image is decoded once before the run
};
constexpr auto names(BrokenImages) {
  using enum BrokenImages;
  return std::to_array<Named<BrokenImages>>({{stop, "stop"}, {skip, "skip"}});
}

inline constexpr Index no_limit = std::numeric_limits<Index>::max();

struct DataOptions {
  bool train = true, test = true;  // the splits that are needed; the other's files need not exist
  /// Broken images that are skipped count. Those that are kept stay in file order.
  Index limit_train = no_limit, limit_test = no_limit;
  Sample sample = Sample::first;
  std::uint64_t seed = 0;  // of random crops, and of a random sample
  /// The side of the images that a folder's files become; 0: theirs, if they are squares of one
  /// size of 8 to 64 pixels a side, else 224.
  Index image_size = 0;
  BrokenImages broken = BrokenImages::stop;
  Index max_pixels = usual_max_pixels;  // an image of more is broken
};

/// Loads `synthetic`, `cifar10:DIR`, `cifar100:DIR`, `folder:DIR`, `imagenet:DIR` or
/// `npy:IMAGES.npy`. Throws InputError for an unknown spec and for files that are missing, cut
/// short, garbled or of no class.
Dataset load_dataset(const std::string& spec, const DataOptions& options);

}  // namespace robmask
