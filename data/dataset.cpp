#include "data/dataset.h"

#include <algorithm>

#include "data/cifar.h"
#include "data/crops.h"
#include "data/files/fingerprint.h"
#include "data/image_folder.h"
#include "data/npy_images.h"
#include "data/parallel.h"
#include "data/synthetic.h"

namespace robmask {
namespace {

Dataset load(const std::string& spec, const DataOptions& options) {
  if (spec == "synthetic") return make_synthetic(options);
  const auto colon = spec.find(':');
  const std::string kind = spec.substr(0, colon);
  const bool known = kind == "cifar10" || kind == "cifar100" || kind == "folder" ||
                     kind == "imagenet" || kind == "npy";
  require(known && colon != std::string::npos && colon + 1 < spec.size(),
          "`data`: expected synthetic, cifar10:DIR, cifar100:DIR, folder:DIR, imagenet:DIR or "
          "npy:IMAGES.npy, got '{}'",
          spec);
  if (kind == "npy") return load_npy(spec.substr(colon + 1), options);
  const Path folder = spec.substr(colon + 1);
  require(std::filesystem::is_directory(folder), "`data` {}: expected a folder, {} is not one; {}",
          spec, folder.string(),
          kind.starts_with("cifar") ? "`make " + kind + "` fetches the official files"
                                    : "check the path");
  if (kind == "cifar10") return load_cifar(cifar10_format(), folder, options);
  if (kind == "cifar100") return load_cifar(cifar100_format(), folder, options);
  if (kind == "imagenet") return load_imagenet(folder, options);
  return load_image_folder(folder, options);
}

}  // namespace

Path Split::file_of(Index image) const { return files.empty() ? Path() : files[image]; }

void Split::read(std::span<const std::int32_t> ids, std::uint64_t epoch,
                 std::span<std::uint8_t> out) const {
  const Index bytes = image_bytes();
  expect(static_cast<Index>(out.size()) == static_cast<Index>(ids.size()) * bytes,
         "a batch of {} images needs {} bytes, got room for {}", ids.size(), ids.size() * bytes,
         out.size());
  for (const std::int32_t id : ids) {
    expect(id >= 0 && id < size(), "image {} of a split of {}", id, size());
  }
  if (resident()) {
    auto to = out.begin();
    for (const std::int32_t id : ids) to = std::copy_n(pixels.begin() + id * bytes, bytes, to);
    return;
  }
  try_parallel_for(std::ssize(ids), [&](Index i) {
    const Stream stream{.seed = views->seed,
                        .purpose = Purpose::crop,
                        .step = epoch,
                        .image = static_cast<std::uint32_t>(ids[i])};
    with_image(files[ids[i]], views->max_pixels, [&](const Image& image) {
      const Image view =
          views->random ? train_view(image, height, stream) : test_view(image, height);
      std::ranges::copy(view.pixels, out.begin() + i * bytes);
    });
  });
}

std::string Split::fingerprint() const {
  Fingerprint content;
  content.add(std::as_bytes(std::span(pixels)));
  content.add(std::as_bytes(std::span(labels)));
  if (resident()) return content.digits();
  for (const Path& file : files) {
    std::error_code gone;  // which a batch will tell of
    const std::string line =
        fmt::format("{} {}\n", file.filename().string(), std::filesystem::file_size(file, gone));
    content.add(std::as_bytes(std::span(line)));
  }
  return content.digits();
}

Dataset load_dataset(const std::string& spec, const DataOptions& options) {
  try {
    Dataset data = load(spec, options);
    data.spec = spec;
    return data;
  } catch (const std::filesystem::filesystem_error& error) {  // a folder that may not be listed
    throw InputError(fmt::format("`data` {}: {}", spec, error.what()));
  }
}

}  // namespace robmask
