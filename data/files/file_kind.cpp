#include "data/files/file_kind.h"

#include <algorithm>
#include <array>

namespace robmask {

namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view bytes, words;
  std::size_t at = 0;  // where the bytes stand
};

constexpr auto pickle =
    "a Python pickle, as older .pt files are; tools/convert/pt_to_safetensors.py converts one of "
    "PyTorch"sv;
constexpr auto page = "a web page; was it fetched instead of the file?"sv;

constexpr auto kinds = std::to_array<Kind>(
    {{"PK\3\4"sv,
      "a zip archive, as PyTorch's .pt, .pth.tar and .ckpt files are; "
      "tools/convert/pt_to_safetensors.py converts one"sv},
     {"ustar"sv,
      "a tar archive, as PyTorch's oldest .pth.tar files are; tools/convert/pt_to_safetensors.py "
      "converts one of PyTorch"sv,
      257},
     {"\x80\2"sv, pickle},
     {"\x80\3"sv, pickle},
     {"\x80\4"sv, pickle},
     {"\x80\5"sv, pickle},
     {"\x93NUMPY"sv, "a NumPy array (.npy)"sv},
     {"\x89HDF\r\n"sv, "an HDF5 file; convert it to safetensors in Python"sv},
     {"GGUF"sv, "a GGUF file; convert it to safetensors in Python"sv},
     {"\x89PNG"sv, "a PNG picture"sv},
     {"\xff\xd8\xff"sv, "a JPEG picture"sv},
     {"\x1f\x8b"sv, "compressed by gzip; unpack it first"sv},
     {"\xfd"
      "7zXZ"sv,
      "compressed by xz; unpack it first"sv},
     {"version https://git-lfs"sv, "a pointer of Git LFS; `git lfs pull` fetches the file"sv},
     {"<!DOCTYPE"sv, page},
     {"<html"sv, page}});

}  // namespace

std::string_view kind_of(const InputFile& file) {
  std::array<char, 272> first{};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(first.size(), file.size()));
  file.read(0, std::as_writable_bytes(std::span(first).first(size)));
  for (const Kind& kind : kinds)
    if (kind.at < size &&
        std::string_view(first.data() + kind.at, size - kind.at).starts_with(kind.bytes))
      return kind.words;
  return {};
}

}  // namespace robmask
