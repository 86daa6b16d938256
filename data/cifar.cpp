#include "data/cifar.h"

#include <algorithm>
#include <deque>

#include "data/subset.h"

namespace robmask {
namespace {

constexpr Index side = 32, pixels = side * side, channels = 3;

/// R, G, B planes of 32×32 → 32×32×3.
void interleave(const std::uint8_t* planes, std::uint8_t* image) {
  for (Index p = 0; p < pixels; ++p) {
    for (Index c = 0; c < channels; ++c) image[p * channels + c] = planes[c * pixels + p];
  }
}

/// The records of some files, one file after the other.
class Records {
 public:
  Records(const CifarFormat& format, const Path& folder, const std::vector<std::string>& names)
      : format_(format) {
    for (const std::string& name : names)
      require(std::filesystem::exists(folder / name),
              "{}: no such file; expected the binary version of {} in this folder (`make {}` "
              "fetches it)",
              (folder / name).string(), format.name, format.name);
    for (const std::string& name : names) add_file(folder / name);
  }

  std::vector<std::int32_t> labels() const {
    std::vector<std::int32_t> labels;
    for (const Place& place : places_) labels.push_back(label_of(place));
    return labels;
  }

  /// Writes the pixels of record `i`.
  void read_image(Index i, std::uint8_t* image) const {
    const Place& place = places_[i];
    std::vector<std::uint8_t> planes(pixels * channels);
    place.file->read(place.start + format_.label_counts.size(),
                     std::as_writable_bytes(std::span(planes)));
    interleave(planes.data(), image);
  }

 private:
  struct Place {
    const InputFile* file;
    std::uint64_t start;  // of the record
  };

  void add_file(const Path& path) {
    const InputFile& file = files_.emplace_back(path);
    const Index record = format_.record_bytes(), size = static_cast<Index>(file.size());
    require(size > 0 && size % record == 0,
            "{}: expected a whole number of {} records of {} bytes, got {} bytes ({} records and "
            "{} bytes); fetch the file again (`make {}`)",
            file.name(), format_.name, record, size, size / record, size % record, format_.name);
    for (Index start = 0; start < size; start += record)
      places_.push_back({&file, static_cast<std::uint64_t>(start)});
  }

  std::int32_t label_of(const Place& place) const {
    std::vector<std::uint8_t> bytes(format_.label_counts.size());
    place.file->read(place.start, std::as_writable_bytes(std::span(bytes)));
    for (std::size_t b = 0; b < bytes.size(); ++b)
      require(bytes[b] < format_.label_counts[b],
              "{}: record {} (counted from 0): expected a label below {}, got {}; the file is "
              "garbled or not {}",
              place.file->name(), place.start / format_.record_bytes(), format_.label_counts[b],
              int{bytes[b]}, format_.name);
    return bytes.back();
  }

  const CifarFormat& format_;
  std::deque<InputFile> files_;
  std::vector<Place> places_;
};

/// All files; or the first alone, where a small set has been put into one.
std::vector<std::string> train_files(const CifarFormat& format, const Path& folder) {
  const auto there = [&](const std::string& name) {
    return std::filesystem::exists(folder / name);
  };
  const auto& names = format.train_files;
  const bool only_first = there(names[0]) && std::none_of(names.begin() + 1, names.end(), there);
  return only_first ? std::vector{names[0]} : names;
}

Split read_part(const Records& records, Part part, const DataOptions& options, Dataset& data) {
  const std::vector<std::int32_t> labels = records.labels();
  return resident_images(
      choose_images(labels, part, options, data), labels, side, side,
      [&](Index record, std::uint8_t* image) { records.read_image(record, image); });
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
    const Records records(format, place, train_files(format, place));
    data.train = read_part(records, Part::train, options, data);
  }
  if (options.test) {
    const Records records(format, place, {format.test_file});
    data.test = read_part(records, Part::test, options, data);
  }
  return data;
}

}  // namespace robmask
