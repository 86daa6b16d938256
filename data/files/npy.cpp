#include "data/files/npy.h"

#include <cstring>

#include "data/files/npy_header.h"

namespace robmask {

HostTensor read_npy(const Path& path) {
  constexpr std::size_t longest_header = 65536;
  const InputFile file(path);
  const std::string start = file.read(0, 10);
  require(start.starts_with(npy_magic), "{}: expected a NumPy .npy file, got something else",
          file.name());
  const int version = start[6];
  require(version >= 1 && version <= 3, "{}: expected .npy version 1, 2 or 3, got {}", file.name(),
          version);
  // The length of the dict: two bytes in version 1, four afterwards.
  const std::size_t dict_start = version == 1 ? 10 : 12;
  std::uint32_t dict_bytes = 0;
  std::memcpy(&dict_bytes, file.read(8, dict_start - 8).data(), dict_start - 8);
  require(dict_bytes <= longest_header, "{}: expected a header of at most {} bytes, got {}",
          file.name(), longest_header, dict_bytes);

  HostTensor array = parse_npy_header(file.read(dict_start, dict_bytes), file.name());
  const auto available = file.size() - dict_start - dict_bytes;
  require(byte_count(array.type, array.shape) == available,
          "{}: expected the bytes of {} of {}, got {} bytes", file.name(), to_string(array.shape),
          name_of(array.type), available);
  array.data.resize(available);
  file.read(dict_start + dict_bytes, array.data);
  return array;
}

void write_npy(const Path& path, const HostTensor& array) {
  NpyWriter writer(path, array.type, array.shape);
  writer.write(array.data);
  writer.commit();
}

NpyWriter::NpyWriter(const Path& path, ElementType type, const std::vector<Index>& shape)
    : file_(path), missing_(byte_count(type, shape).value()) {
  file_.write(npy_header(type, shape));
}

void NpyWriter::write(std::span<const std::byte> elements) {
  expect(elements.size() <= missing_, "{} bytes written to an array that lacks {}", elements.size(),
         missing_);
  file_.write(elements);
  missing_ -= elements.size();
}

void NpyWriter::commit() {
  expect(missing_ == 0, "an array was committed {} bytes short", missing_);
  file_.commit();
}

}  // namespace robmask
