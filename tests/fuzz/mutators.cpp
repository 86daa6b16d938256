#include "tests/fuzz/mutators.h"

#include <zlib.h>

#include <cstring>

#include "data/files/host_tensor.h"
#include "data/files/json.h"

namespace robmask::fuzz {

namespace {

/// A file that begins with a few fixed bytes, then tells in `length_bytes` how long its header is.
struct Headed {
  std::string start, header, data;
  std::size_t length_bytes;

  Headed(const std::string& file, std::size_t fixed, std::size_t length_bytes)
      : length_bytes(length_bytes) {
    const std::size_t head = fixed + length_bytes;
    if (file.size() < head) return;
    std::uint64_t length = 0;
    std::memcpy(&length, file.data() + fixed, length_bytes);
    if (length > file.size() - head) return;
    start = file.substr(0, fixed);
    header = file.substr(head, length);
    data = file.substr(head + length);
    whole = true;
  }
  std::string file() const {
    const std::uint64_t length = header.size();
    std::string bytes(reinterpret_cast<const char*>(&length), length_bytes);
    return start + bytes + header + data;
  }
  bool whole = false;
};

/// Sets the places of all tensors that have a type and a shape one after the other, as their bytes
/// ask for, and makes the data as long.
void lay_out(Headed& file, std::size_t most) {
  Json header = Json::parse(file.header, nullptr, false);
  if (!header.is_object()) return;
  std::uint64_t end = 0;
  for (auto& [name, entry] : header.items()) {
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array())
      continue;
    const auto type = element_type(entry["dtype"].get<std::string>());
    std::vector<Index> shape;
    for (const Json& length : entry["shape"])
      shape.push_back(length.is_number_unsigned() ? length.get<Index>() : -1);
    const auto bytes = type ? byte_count(*type, shape) : std::nullopt;
    if (!bytes || *bytes > most) continue;
    entry["data_offsets"] = {end, end + *bytes};
    end += *bytes;
  }
  file.header = json_line(header);
  file.data.resize(std::min<std::uint64_t>(end, most));
}

/// Changes what a file says of itself as often as all of its tensors.
std::string other_header(const std::string& text, std::size_t most, Random& random) {
  Json header = Json::parse(text, nullptr, false);
  if (!header.is_object() || !header.contains("__metadata__") || random() % 2 == 0)
    return other_json(text, most, random);
  Json& said = header["__metadata__"];
  const Json other = Json::parse(other_json(json_line(said), most, random), nullptr, false);
  if (!other.is_discarded()) said = other;
  return json_line(header);
}

}  // namespace

std::string other_safetensors(std::string bytes, std::size_t most, Random& random) {
  Headed file(bytes, 0, 8);
  if (!file.whole || random() % 16 == 0) return other_bytes(bytes, most, random);
  if (random() % 4 > 0) {
    file.header = other_header(file.header, most, random);
    if (random() % 4 > 0) lay_out(file, most);
  } else if (!file.data.empty()) {
    file.data = other_bytes(file.data, file.data.size(), random).append(file.data);
    file.data.resize(file.data.size() / 2 + random() % 2);
  }
  return file.file();
}

std::string other_npy(std::string bytes, std::size_t most, Random& random) {
  Headed file(bytes, 8, 2);
  if (!file.whole || random() % 4 == 0) return other_bytes(bytes, most, random);
  file.header = other_bytes(file.header, std::min<std::size_t>(most, 60'000), random);
  return file.file();
}

std::string other_picture(std::string bytes, std::size_t most, Random& random) {
  bytes = other_bytes(bytes, most, random);
  constexpr std::size_t signature = 8, frame = 12;  // of a chunk: length, name, checksum
  if (!bytes.starts_with("\x89PNG") || random() % 16 == 0) return bytes;
  const auto big_endian = [](std::uint32_t n) { return __builtin_bswap32(n); };
  for (std::size_t at = signature; at + frame <= bytes.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at, 4);
    length = big_endian(length);
    if (length > bytes.size() - at - frame) break;
    const auto* name = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
    const auto sum = big_endian(static_cast<std::uint32_t>(crc32(0, name, length + 4)));
    std::memcpy(bytes.data() + at + 8 + length, &sum, 4);
    at += length + frame;
  }
  return bytes;
}

}  // namespace robmask::fuzz
