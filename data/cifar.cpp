#include "data/cifar.h"

#include <algorithm>

namespace robmask {
namespace {

constexpr Index side = 32, pixels = side * side, channels = 3;

/// R, G, B planes of 32×32 → 32×32×3.
void interleave(const std::uint8_t* planes, std::uint8_t* image) {
  for (Index p = 0; p < pixels; ++p) {
    for (Index c = 0; c < channels; ++c) image[p * channels + c] = planes[c * pixels + p];
  }
}

/// Appends the first records of a file to the split, up to `limit` images in all.
void read_records(const CifarFormat& format, const Path& path, Index limit, Split& split) {
  const InputFile file(path);
  const Index record = format.record_bytes(), size = static_cast<Index>(file.size());
  require(size > 0 && size % record == 0,
          "{}: expected a whole number of {} records of {} bytes, got {} bytes ({} records and {} "
          "bytes); fetch the file again (`make {}`)",
          file.name(), format.name, record, size, size / record, size % record, format.name);
  const Index count = std::min(size / record, limit - split.size());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count * record));
  file.read(0, std::as_writable_bytes(std::span(bytes)));

  const Index first = split.size(), label_bytes = record - pixels * channels;
  split.pixels.resize(static_cast<std::size_t>((first + count) * split.image_bytes()));
  for (Index i = 0; i < count; ++i) {
    const std::uint8_t* from = bytes.data() + i * record;
    for (Index b = 0; b < label_bytes; ++b) {
      const int values = format.label_counts[static_cast<std::size_t>(b)];
      require(from[b] < values,
              "{}: record {} (counted from 0): expected a label below {}, got {}; the file is "
              "garbled or not {}",
              file.name(), i, values, int{from[b]}, format.name);
    }
    split.labels.push_back(from[label_bytes - 1]);
    interleave(from + label_bytes, split.pixels.data() + (first + i) * split.image_bytes());
  }
}

Split read_split(const CifarFormat& format, const Path& folder,
                 const std::vector<std::string>& names, Index limit) {
  Split split;
  split.height = split.width = side;
  for (const std::string& name : names) {
    const Path path = folder / name;
    require(std::filesystem::exists(path),
            "{}: no such file; expected the binary version of {} in this folder (`make {}` fetches "
            "it)",
            path.string(), format.name, format.name);
  }
  for (const std::string& name : names) {
    if (split.size() < limit) read_records(format, folder / name, limit, split);
  }
  return split;
}

/// All files; or the first alone, where a small set has been put into one.
std::vector<std::string> train_files(const CifarFormat& format, const Path& folder) {
  const auto there = [&](const std::string& name) {
    return std::filesystem::exists(folder / name);
  };
  const auto& names = format.train_files;
  const bool only_first = there(names[0]) && std::none_of(names.begin() + 1, names.end(), there);
  return only_first ? std::vector{names[0]} : names;
}

}  // namespace

Dataset load_cifar(const CifarFormat& format, const Path& folder, const DataOptions& options) {
  const Path below = folder / format.archive_folder;
  const Path place = std::filesystem::is_directory(below) ? below : folder;
  Dataset data;
  data.name = format.name;
  data.classes = format.classes;
  data.normalization = format.normalization;
  if (options.train) {
    data.train = read_split(format, place, train_files(format, place), options.limit_train);
  }
  if (options.test) data.test = read_split(format, place, {format.test_file}, options.limit_test);
  return data;
}

}  // namespace robmask
