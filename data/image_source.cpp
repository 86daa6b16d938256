#include "data/image_source.h"

#include <algorithm>
#include <utility>

#include "data/crops.h"
#include "data/parallel.h"

namespace robmask {

ImageSource::ImageSource(std::vector<Path> files, Index side, View view, std::uint64_t seed,
                         Index max_pixels)
    : files_(std::move(files)), side_(side), view_(view), seed_(seed), max_pixels_(max_pixels) {}

void ImageSource::read(std::span<const std::int32_t> ids, std::uint64_t epoch,
                       std::span<std::uint8_t> out) const {
  try_parallel_for(static_cast<Index>(ids.size()), [&](Index i) {
    const std::int32_t id = ids[static_cast<std::size_t>(i)];
    const Stream stream{.seed = seed_,
                        .purpose = Purpose::crop,
                        .step = epoch,
                        .image = static_cast<std::uint32_t>(id)};
    with_image(files_[static_cast<std::size_t>(id)], max_pixels_, [&](const Image& image) {
      const Image view =
          view_ == View::random ? train_view(image, side_, stream) : test_view(image, side_);
      std::copy(view.pixels.begin(), view.pixels.end(), out.begin() + i * side_ * side_ * 3);
    });
  });
}

void ImageSource::add_to(Fingerprint& content) const {
  for (const Path& file : files_) {
    std::error_code gone;  // which a batch will tell of
    const std::string line =
        fmt::format("{} {}\n", file.filename().string(), std::filesystem::file_size(file, gone));
    content.add(std::as_bytes(std::span(line)));
  }
}

}  // namespace robmask
