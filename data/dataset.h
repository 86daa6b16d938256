#pragma once
// Labelled images, as every recipe and attack sees them: bytes, R G B interleaved, in file order.

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/normalization.h"
#include "engine/shape.h"

namespace robmask {

class ImageSource;

/// The training or the test images. A small set is resident: all pixels are in memory, and crops and
/// flips are the machine's (Backend::gather). A large one has a `source` instead, which decodes and
/// crops the images of a batch when they are asked for; `pixels` is then empty.
struct Split {
  std::vector<std::uint8_t> pixels;  // N·H·W·C
  std::vector<std::int32_t> labels;  // N
  Index height = 0, width = 0, channels = 3;
  std::shared_ptr<const ImageSource> source;

  Index size() const { return static_cast<Index>(labels.size()); }
  Index image_bytes() const { return height * width * channels; }
  bool resident() const { return source == nullptr; }

  /// Writes the images `ids` to `out` (n·H·W·C bytes). A source draws the crops of `epoch`; resident
  /// images come as they are. Safe to call from several threads, so a loader may read ahead.
  void read(std::span<const std::int32_t> ids, std::uint64_t epoch,
            std::span<std::uint8_t> out) const;
};

struct Dataset {
  std::string spec;                  // as given: "cifar10:.data"
  std::string name;                  // "synthetic", "cifar10", "cifar100", "folder" or "imagenet"
  std::vector<std::string> classes;  // label → name
  Split train, test;                 // empty if not asked for
  Normalization normalization;       // the default of this data set
};

/// What to do with an image file that cannot be decoded.
enum class BrokenImages {
  stop,  // an InputError that names it
  skip,  // leave it out, with a warning on stderr; every image is decoded once before the run
};

inline constexpr Index no_limit = std::numeric_limits<Index>::max();

struct DataOptions {
  bool train = true, test = true;  // the splits that are needed; the other's files need not exist
  /// The first images in file order; broken ones that are skipped count.
  Index limit_train = no_limit, limit_test = no_limit;
  std::uint64_t seed = 0;  // of the random crops of a source
  /// Folders: 0 loads square images of one size, 8 to 64 pixels a side, as they are, and gives
  /// 224×224 crops of all others; a number gives crops of that size.
  Index image_size = 0;
  BrokenImages broken = BrokenImages::stop;
};

/// Loads `synthetic`, `cifar10:DIR`, `cifar100:DIR`, `folder:DIR` or `imagenet:DIR`.
/// Throws InputError for an unknown spec and for files that are missing, cut short, garbled or of no
/// class.
Dataset load_dataset(const std::string& spec, const DataOptions& options);

}  // namespace robmask
