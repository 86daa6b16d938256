#include "tools/robmask/adversarial_file.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/files/atomic_file.h"
#include "data/files/npy.h"
#include "data/files/output_file.h"
#include "data/files/png.h"
#include "data/npy_images.h"

namespace robmask {

AdversarialFile::AdversarialFile(DType dtype, const Images& images, const Path& kept)
    : dtype_(dtype),
      shape_(images.shape(images.size())),
      labels_(images.split().labels),
      kept_(kept) {
  std::vector<std::int32_t> all(images.size());
  std::iota(all.begin(), all.end(), 0);
  pixels_ = images.batch(dtype, all).images.to_doubles();
}

std::span<double> AdversarialFile::pixels_of(std::int32_t image) {
  const auto count = static_cast<std::size_t>(shape_.pixels() * shape_.c);
  return std::span(pixels_).subspan(static_cast<std::size_t>(image) * count, count);
}

std::uint64_t AdversarialFile::place_of(std::int32_t image) {
  return static_cast<std::uint64_t>(image) * pixels_of(image).size_bytes();
}

void AdversarialFile::put(const std::vector<std::int32_t>& ids, const Tensor& x_adv) {
  const OutputFile file(kept_);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::span<double> own = pixels_of(ids[i]);
    std::ranges::copy(x_adv.images(static_cast<Index>(i), 1).to_doubles(), own.begin());
    file.write(place_of(ids[i]), std::as_bytes(own));
  }
  file.sync();
}

void AdversarialFile::recall(const std::vector<std::int32_t>& ids) {
  if (ids.empty()) return;
  const InputFile file(kept_);
  for (const std::int32_t image : ids)
    file.read(place_of(image), std::as_writable_bytes(pixels_of(image)));
}

void AdversarialFile::write_array(const Path& file) const {
  dispatch(dtype_, [&]<class T>() {
    std::vector<T> planes(pixels_.size());
    const Index p = shape_.pixels(), c = shape_.c;
    for (Index n = 0; n < shape_.n; ++n)
      for (Index i = 0; i < p; ++i)
        for (Index k = 0; k < c; ++k)
          planes[(n * c + k) * p + i] = static_cast<T>(pixels_[(n * p + i) * c + k]);
    write_npy(file, host_tensor({shape_.n, c, shape_.h, shape_.w}, planes));
  });
  if (!std::filesystem::is_regular_file(file))
    return;  // beside a device or a pipe there is nothing
  write_npy(labels_beside(file),
            host_tensor({shape_.n}, std::vector<std::int64_t>(labels_.begin(), labels_.end())));
}

namespace {

/// What the folder of a class is called.
std::string folder_name(std::size_t label, const std::vector<std::string>& classes) {
  const std::string name = label < classes.size() ? classes[label] : "";
  const bool fits = !name.empty() && name[0] != '.' && name.find('/') == std::string::npos;
  return fits ? name : fmt::format("{:05}", label);
}

}  // namespace

void AdversarialFile::write_pictures(const Path& folder,
                                     const std::vector<std::string>& classes) const {
  std::filesystem::create_directories(folder / "test");
  std::string names;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    names += folder_name(label, classes) + "\n";
  }
  if (!names.empty()) write_file(folder / "classes.txt", names);
  const auto count = static_cast<std::size_t>(shape_.pixels() * shape_.c);
  for (std::size_t n = 0; n < labels_.size(); ++n) {
    Picture picture{shape_.h, shape_.w, {}};
    for (const double v : std::span(pixels_).subspan(n * count, count))
      picture.rgb.push_back(static_cast<std::uint8_t>(std::lround(255 * v)));
    const Path place = folder / "test" / folder_name(static_cast<std::size_t>(labels_[n]), classes);
    std::filesystem::create_directories(place);
    write_png(place / fmt::format("{:05}.png", n), picture);
  }
}

}  // namespace robmask
