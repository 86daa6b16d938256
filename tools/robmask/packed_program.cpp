#include "tools/robmask/packed_program.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "data/files/atomic_file.h"

namespace robmask {

namespace {

constexpr std::string_view magic = "robmask1";
constexpr std::uint64_t trailer_bytes =
    magic.size() + sizeof(std::uint64_t) + sizeof(std::uint32_t);

class Crc32 {  // of zlib, and of PNG
 public:
  void add(std::span<const std::byte> bytes) {
    value_ = crc32_z(value_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  std::uint32_t value() const { return static_cast<std::uint32_t>(value_); }

 private:
  uLong value_ = 0;
};

std::uint32_t checksum(const InputFile& file, std::uint64_t end) {
  Crc32 sum;
  file.pieces(end, [&](std::span<const std::byte> piece) { sum.add(piece); });
  return sum.value();
}

}  // namespace

void write_packed_program(const Path& path, std::span<const std::byte> program,
                          const SafeTensors& weights) {
  AtomicFile out(path);
  Crc32 sum;
  const auto write = [&](std::span<const std::byte> piece) {
    sum.add(piece);
    out.write(piece);
  };
  write(program);
  serialize(weights, write);
  const std::uint64_t begin = program.size();
  const std::uint32_t crc = sum.value();
  out.write(magic);
  out.write(std::as_bytes(std::span(&begin, 1)));
  out.write(std::as_bytes(std::span(&crc, 1)));
  out.commit();
  using enum std::filesystem::perms;
  std::error_code error;
  std::filesystem::permissions(path, owner_exec | group_exec | others_exec,
                               std::filesystem::perm_options::add, error);
  if (error)
    throw RunError(
        fmt::format("{}: cannot be made executable: {}", path.string(), error.message()));
}

SafeTensors read_packed_weights(const Path& program) {
  const InputFile file(program);
  const std::uint64_t end = file.size() - std::min(file.size(), trailer_bytes);
  const std::string trailer = file.read(end, file.size() - end);
  require(
      trailer.starts_with(magic) && trailer.size() == trailer_bytes,
      "{}: expected weights behind the program, found none: it was cut short, or `robmask pack` "
      "did not make it",
      file.name());
  std::uint64_t begin = 0;
  std::uint32_t crc = 0;
  std::memcpy(&begin, trailer.data() + magic.size(), sizeof begin);
  std::memcpy(&crc, trailer.data() + magic.size() + sizeof begin, sizeof crc);
  require(begin <= end && checksum(file, end) == crc,
          "{}: its checksum is wrong: the file was damaged since `robmask pack` wrote it; copy or "
          "pack it again",
          file.name());
  return read_safetensors(file, begin, end);
}

}  // namespace robmask
