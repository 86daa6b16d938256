#pragma once
// Images that stay on disk until a batch asks for them.

#include <cstdint>
#include <span>
#include <vector>

#include "data/files/fingerprint.h"
#include "engine/shape.h"

namespace robmask {

/// Views of side × side of the files; image i is files[i].
struct ImageSource {
  enum class View {
    random,  // train_view, keyed by (seed, crop, epoch, image)
    centre,  // test_view
  };

  std::vector<Path> files;
  Index side;
  View view;
  std::uint64_t seed;
  Index max_pixels;  // see decode_image

  /// Decodes the images `ids` on all threads and writes their views of `epoch` to `out`,
  /// n·side·side·3 bytes. Throws InputError that names the first broken file of the batch.
  void read(std::span<const std::int32_t> ids, std::uint64_t epoch,
            std::span<std::uint8_t> out) const;
  /// Adds the names and sizes of the files.
  void add_to(Fingerprint& content) const;
};

}  // namespace robmask
