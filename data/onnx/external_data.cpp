#include "data/onnx/external_data.h"

#ifdef ROBMASK_ONNX

#include <algorithm>
#include <charconv>

#include "data/files/input_file.h"

namespace robmask::onnx {

namespace {

/// Where a tensor's bytes are, as its entries say it.
struct Place {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

Place place_of(const ::onnx::TensorProto& tensor, const std::string& what) {
  Place place;
  for (const auto& entry : tensor.external_data()) {
    const std::string& value = entry.value();
    const auto number = [&] {
      std::uint64_t n = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
      require(error == std::errc() && end == value.data() + value.size(),
              "{}: {}: expected a number of bytes, got {}", what, printable(entry.key()),
              printable(value));
      return n;
    };
    if (entry.key() == "location") place.location = value;
    if (entry.key() == "offset") place.offset = number();
    if (entry.key() == "length") place.length = number();
  }
  return place;
}

/// Does `inner` stand in `folder`, or below it, once links are followed?
bool is_within(const Path& inner, const Path& folder) {
  return std::ranges::mismatch(folder, inner).in1 == folder.end();
}

}  // namespace

std::vector<std::byte> ExternalData::read(const ::onnx::TensorProto& tensor, std::uint64_t bytes,
                                          const std::string& name) {
  const std::string what = fmt::format("{}: {}", graph_.string(), name);
  const Place place = place_of(tensor, what);
  const Path folder = std::filesystem::canonical(std::filesystem::absolute(graph_).parent_path());
  std::error_code failed;
  const Path path = std::filesystem::weakly_canonical(folder / place.location, failed);
  require(!failed && !place.location.empty() && is_within(path, folder),
          "{}: expected its data in a file in the folder of the graph, got {}", what,
          printable(place.location));
  require(std::filesystem::exists(path),
          "{}: its data stand in {}, which is not there: copy it too", what,
          printable(path.string()));
  const InputFile file(path);
  require(place.length.value_or(bytes) == bytes, "{}: expected {} bytes, got {}", what, bytes,
          place.length.value_or(bytes));
  require(place.offset <= file.size() && bytes <= file.size() - place.offset,
          "{}: expected {} bytes from {} on in {}, which has {}", what, bytes, place.offset,
          printable(path.string()), file.size());
  std::uint64_t& taken = taken_[path];
  taken += bytes;
  require(taken <= file.size(), "{}: tensors overlap in {}", what, printable(path.string()));
  std::vector<std::byte> data(bytes);
  file.read(place.offset, data);
  return data;
}

std::vector<Path> ExternalData::files() const {
  std::vector<Path> all;
  for (const auto& [path, bytes] : taken_) all.push_back(path);
  return all;
}

}  // namespace robmask::onnx

#endif
