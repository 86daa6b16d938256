#include "data/corruptions.h"

#include <algorithm>
#include <set>

#include "data/files/npy.h"
#include "data/npy_images.h"
#include "data/subset.h"
#include "engine/check.h"

namespace robmask {

namespace {

constexpr Index severities = 5;
const std::set<std::string> set_aside{"labels", "speckle_noise", "gaussian_blur", "spatter",
                                      "saturate"};

/// InputError unless the labels are those of the same images at each severity.
void require_repeated(const std::vector<std::int32_t>& labels, const Path& file) {
  const std::size_t each = labels.size() / severities;
  for (std::size_t row = each; row < labels.size(); ++row)
    require(
        labels[row] == labels[row % each],
        "{}: expected the same {} labels five times over, one time a severity, got {} in row {} "
        "and {} in row {}; `corruptions` takes CIFAR-10-C as it is published, all five "
        "severities in one file, and none of one severity alone",
        file.string(), each, labels[row % each], row % each, labels[row], row);
}

}  // namespace

std::vector<std::string> corruptions_in(const Path& folder) {
  require(std::filesystem::is_directory(folder),
          "`corruptions` {}: expected a folder laid out as CIFAR-10-C, found none; it holds "
          "<corruption>.npy and labels.npy",
          folder.string());
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    const bool hidden = name.starts_with('.');  // such as macOS's ._fog.npy
    if (entry.path().extension() == ".npy" && !hidden && !set_aside.contains(name))
      names.push_back(name);
  }
  std::ranges::sort(names);
  require(
      !names.empty() && std::filesystem::exists(folder / "labels.npy"),
      "`corruptions` {}: expected <corruption>.npy files and labels.npy, found {} corruptions{}",
      folder.string(), names.size(),
      std::filesystem::exists(folder / "labels.npy") ? "" : " and no labels");
  return names;
}

std::array<Split, 5> load_corruption(const Path& folder, const std::string& corruption,
                                     const DataOptions& options, Index classes) {
  // images: 5·M H W 3
  const Path file = folder / (corruption + ".npy");
  const HostTensor images = read_npy(file);
  const auto& shape = images.shape;
  require(images.type == ElementType::u8 && shape.size() == 4 && shape[0] > 0 &&
              shape[0] % severities == 0 && shape[1] == 32 && shape[2] == 32 && shape[3] == 3,
          "{}: expected uint8 [5·M, 32, 32, 3], M images at each of five severities, got {} {}",
          file.string(), name_of(images.type), to_string(shape));
  const std::vector<std::int32_t> labels = read_labels(folder / "labels.npy", classes - 1);
  require(static_cast<Index>(labels.size()) == shape[0],
          "{}: expected a label for each of the {} images of {}, got {}",
          (folder / "labels.npy").string(), shape[0], file.string(), labels.size());
  require_repeated(labels, folder / "labels.npy");

  const Index each = shape[0] / severities;
  const auto places = kept_places({labels.begin(), labels.begin() + each}, Part::test, options);
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(images.data.data());
  const Index bytes = 32 * 32 * 3;
  std::array<Split, 5> splits;
  for (Index s = 0; s < severities; ++s)
    splits[s] = resident_images(places, labels, 32, 32, [&](Index i, std::uint8_t* image) {
      std::copy_n(pixels + (s * each + i) * bytes, bytes, image);
    });
  return splits;
}

}  // namespace robmask
