#include "data/files/safetensors.h"

#include <algorithm>

#include "data/files/atomic_file.h"
#include "data/files/file_kind.h"
#include "data/files/json.h"
#include "data/files/safetensors_header.h"

namespace robmask {
namespace {

constexpr std::uint64_t length_bytes = 8, longest_header = 100'000'000;

/// The tensors in the order of their data: wider elements first, then as they come.
std::vector<const NamedTensor*> by_width(const std::vector<NamedTensor>& tensors) {
  std::vector<const NamedTensor*> order;
  for (const auto& named : tensors) order.push_back(&named);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const auto* named) { return bits_of(named->tensor.type); });
  return order;
}

std::string header_text(const SafeTensors& file) {
  std::map<std::string_view, std::pair<std::uint64_t, std::uint64_t>> offsets;
  std::uint64_t end = 0;
  for (const auto* named : by_width(file.tensors)) {
    const auto begin = end;
    end += named->tensor.data.size();
    const bool fresh = offsets.emplace(named->name, std::pair(begin, end)).second;
    expect(fresh && named->name != "__metadata__", "a tensor cannot be named {} in {}",
           printable(named->name), file.source);
  }
  Json header = Json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  for (const auto& [name, tensor] : file.tensors) {
    expect(byte_count(tensor.type, tensor.shape) == tensor.data.size(),
           "tensor {}: {} bytes do not fill {}", printable(name), tensor.data.size(),
           to_string(tensor.shape));
    header[name] = {{"dtype", name_of(tensor.type)},
                    {"shape", tensor.shape},
                    {"data_offsets", offsets.at(name)}};
  }
  std::string text = json_line(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

const HostTensor& SafeTensors::at(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  require(found != tensors.end(), "{}: expected a tensor named {}, got none; is it the right file?",
          source, printable(name));
  return found->tensor;
}

template <class T>
std::vector<T> SafeTensors::values(std::string_view name) const {
  return at(name).to<T>(fmt::format("{}: {}", source, printable(name)));
}

template std::vector<float> SafeTensors::values(std::string_view) const;
template std::vector<double> SafeTensors::values(std::string_view) const;
template std::vector<Index> SafeTensors::values(std::string_view) const;

void SafeTensors::add(std::string name, HostTensor tensor) {
  tensors.push_back({std::move(name), std::move(tensor)});
}

SafeTensors read_safetensors(const Path& path) {
  const InputFile file(path);
  return read_safetensors(file, 0, file.size());
}

SafeTensors read_safetensors(const InputFile& file, std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t size = end - begin;
  require(size >= length_bytes + 2,
          "{}: expected a safetensors file of at least 10 bytes, got {} bytes", file.name(), size);
  std::uint64_t header_bytes = 0;
  file.read(begin, std::as_writable_bytes(std::span(&header_bytes, 1)));
  const auto longest = std::min(longest_header, size - length_bytes);
  // The first bytes of another kind of file are a length that no header has.
  const FileKind kind =
      header_bytes <= longest
          ? FileKind{}
          : kind_of(file.read(begin, std::min<std::uint64_t>(telling_bytes, size)));
  require(kind.words.empty(), "{}: expected a safetensors file, got {}{}", file.name(), kind.words,
          kind.may_be_torchs ? "; convert it: " + conversion_of(file.name()) : "");
  require(header_bytes <= longest,
          "{}: expected a safetensors header of at most {} bytes, got a length of {}; the file is "
          "cut short or of another kind",
          file.name(), longest, header_bytes);
  const auto data_start = begin + length_bytes + header_bytes;
  auto header = parse_safetensors_header(file.read(begin + length_bytes, header_bytes),
                                         end - data_start, file.name());
  SafeTensors result;
  result.source = file.name();
  result.metadata = std::move(header.metadata);
  for (auto& entry : header.entries) {
    std::vector<std::byte> data(entry.end - entry.begin);
    file.read(data_start + entry.begin, data);
    result.add(std::move(entry.name), {entry.type, std::move(entry.shape), std::move(data)});
  }
  return result;
}

void serialize(const SafeTensors& file,
               const std::function<void(std::span<const std::byte>)>& take) {
  const std::string header = header_text(file);
  const std::uint64_t header_bytes = header.size();
  take(std::as_bytes(std::span(&header_bytes, 1)));
  take(std::as_bytes(std::span(header)));
  for (const auto* named : by_width(file.tensors)) take(named->tensor.data);
}

void write_safetensors(const Path& path, const SafeTensors& file) {
  AtomicFile out(path);
  serialize(file, [&](std::span<const std::byte> piece) { out.write(piece); });
  out.commit();
}

}  // namespace robmask
