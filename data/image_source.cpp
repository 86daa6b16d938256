#include "data/image_source.h"

#include <algorithm>

#include "data/crops.h"
#include "data/parallel.h"

namespace robmask {

void ImageSource::read(std::span<const std::int32_t> ids, std::uint64_t epoch,
                       std::span<std::uint8_t> out) const {
  try_parallel_for(static_cast<Index>(ids.size()), [&](Index i) {
    const std::int32_t id = ids[i];
    const Stream stream{.seed = seed,
                        .purpose = Purpose::crop,
                        .step = epoch,
                        .image = static_cast<std::uint32_t>(id)};
    with_image(files[id], max_pixels, [&](const Image& image) {
      const Image seen =
          view == View::random ? train_view(image, side, stream) : test_view(image, side);
      std::ranges::copy(seen.pixels, out.begin() + i * side * side * 3);
    });
  });
}

void ImageSource::add_to(Fingerprint& content) const {
  for (const Path& file : files) {
    std::error_code gone;  // which a batch will tell of
    const std::string line =
        fmt::format("{} {}\n", file.filename().string(), std::filesystem::file_size(file, gone));
    content.add(std::as_bytes(std::span(line)));
  }
}

}  // namespace robmask
