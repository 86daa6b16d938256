#include "data/npy_images.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "data/files/npy.h"
#include "data/subset.h"
#include "engine/check.h"

namespace robmask {
namespace {

/// Levels from 0 to 255 of numbers in [0,1].
std::vector<std::uint8_t> levels_of(const std::vector<double>& values, const std::string& file) {
  constexpr double most_off = 1e-3;  // of a level: what float makes of multiples of 1/255
  std::vector<std::uint8_t> levels;
  levels.reserve(values.size());
  for (const double v : values) {
    const double level = std::nearbyint(255 * v);
    require(level >= 0 && level <= 255 && std::abs(255 * v - level) <= most_off,
            "{}: expected whole multiples of 1/255 in [0,1], since images are bytes here, got {}; "
            "save adversarial images with `quantize` 8",
            file, v);
    levels.push_back(static_cast<std::uint8_t>(level));
  }
  return levels;
}

/// [N,3,H,W] → [N,H,W,3]
std::vector<std::uint8_t> interleaved(const std::vector<std::uint8_t>& values, Index images,
                                      Index pixels) {
  std::vector<std::uint8_t> result(values.size());
  for (Index n = 0; n < images; ++n)
    for (Index c = 0; c < 3; ++c)
      for (Index p = 0; p < pixels; ++p)
        result[(n * pixels + p) * 3 + c] = values[(n * 3 + c) * pixels + p];
  return result;
}

Split read_images(const Path& file) {
  const HostTensor array = read_npy(file);
  const auto& shape = array.shape;
  const bool planes = shape.size() == 4 && shape[1] == 3 && shape[3] != 3;
  require(shape.size() == 4 && (shape[3] == 3 || planes) && array.count() > 0,
          "{}: expected images as [N,H,W,3] or [N,3,H,W], got {}", file.string(), to_string(shape));
  Split split;
  split.height = shape[planes ? 2 : 1];
  split.width = shape[planes ? 3 : 2];
  if (array.type == ElementType::u8) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(array.data.data());
    split.pixels.assign(first, first + array.data.size());
  } else {
    split.pixels = levels_of(array.to<double>(file.string()), file.string());
  }
  if (planes) split.pixels = interleaved(split.pixels, shape[0], split.height * split.width);
  return split;
}

template <class T>
std::vector<std::int32_t> numbers(const HostTensor& array) {
  std::vector<std::int32_t> values(array.count());
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, array.data.data() + i * sizeof(T), sizeof(T));
    values[i] = std::in_range<std::int32_t>(value) ? static_cast<std::int32_t>(value) : -1;
  }
  return values;
}

}  // namespace

Path labels_beside(const Path& images) {
  std::string name = images.filename().string();
  for (const std::string word : {"data", "images"})
    if (const auto at = name.rfind(word); at != std::string::npos)
      return images.parent_path() / name.replace(at, word.size(), "labels");
  return Path(images).replace_extension(".labels.npy");
}

std::vector<std::int32_t> read_labels(const Path& file, Index most) {
  const HostTensor array = read_npy(file);
  const bool known = array.type == ElementType::u8 || array.type == ElementType::i32 ||
                     array.type == ElementType::i64;
  require(known && array.shape.size() == 1,
          "{}: expected labels as uint8, int32 or int64 [N], got {} {}", file.string(),
          name_of(array.type), to_string(array.shape));
  const std::vector<std::int32_t> labels =
      array.type == ElementType::u8    ? numbers<std::uint8_t>(array)
      : array.type == ElementType::i32 ? numbers<std::int32_t>(array)
                                       : numbers<std::int64_t>(array);
  for (std::size_t i = 0; i < labels.size(); ++i)
    require(labels[i] >= 0 && labels[i] <= most,
            "{}: expected labels from 0 to {}, row {} has another", file.string(), most, i);
  return labels;
}

Dataset load_npy(const std::string& files, const DataOptions& options) {
  constexpr Index most_classes = 1'000'000;
  require(!options.train,
          "`data` npy:{}: holds test images only; train on cifar10:DIR or folder:DIR", files);
  const auto comma = files.find(',');
  const Path images = files.substr(0, comma);
  const Path beside =
      comma == std::string::npos ? labels_beside(images) : Path(files.substr(comma + 1));
  Split all = read_images(images);
  all.labels = read_labels(beside, most_classes - 1);
  const Index n = std::ssize(all.pixels) / all.image_bytes();
  require(all.size() == n, "{}: expected a label for each of the {} images of {}, got {}",
          beside.string(), n, images.string(), all.size());

  Dataset data;
  data.name = "npy";
  const auto draw = [&](Index i, std::uint8_t* image) {
    std::copy_n(all.pixels.begin() + i * all.image_bytes(), all.image_bytes(), image);
  };
  data.test = resident_images(choose_images(all.labels, Part::test, options, data), all.labels,
                              all.height, all.width, draw);
  data.normalization =
      all.height == 32 && all.width == 32 ? normalizations::cifar10 : normalizations::imagenet;
  return data;
}

}  // namespace robmask
