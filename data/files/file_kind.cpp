#include "data/files/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace robmask {

namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view bytes, words;
  std::size_t at = 0;  // where the bytes stand
  bool may_be_torchs = false;
};

constexpr auto pickle = "a Python pickle, as older .pt files of PyTorch are"sv;
constexpr auto page = "a web page; was it fetched instead of the file?"sv;

constexpr auto kinds = std::to_array<Kind>(
    {{"PK\3\4"sv, "a zip archive, as PyTorch's .pt, .pth.tar and .ckpt files are"sv, 0, true},
     {"ustar"sv, "a tar archive, as PyTorch's oldest .pth.tar files are"sv, 257, true},
     {"\x80\2"sv, pickle, 0, true},
     {"\x80\3"sv, pickle, 0, true},
     {"\x80\4"sv, pickle, 0, true},
     {"\x80\5"sv, pickle, 0, true},
     {"\x93NUMPY"sv, "a NumPy array (.npy)"sv},
     {"\x89HDF\r\n"sv, "an HDF5 file; convert it to safetensors in Python"sv},
     {"GGUF"sv, "a GGUF file; convert it to safetensors in Python"sv},
     {"\x89PNG"sv, "a PNG picture"sv},
     {"\xff\xd8\xff"sv, "a JPEG picture"sv},
     {"WEBP"sv, "a WebP picture"sv, 8},
     {"ftypavi"sv, "an AVIF picture"sv, 4},
     {"ftyphei"sv, "a HEIC picture"sv, 4},
     {"ftypmif1"sv, "a HEIF picture"sv, 4},
     {"ftyp"sv, "an MPEG-4 film"sv, 4},
     {"II*\0"sv, "a TIFF picture"sv},
     {"MM\0*"sv, "a TIFF picture"sv},
     {"GIF8"sv, "a GIF picture"sv},
     {"\0\0\0\x0CJXL "sv, "a JPEG XL picture"sv},
     {"\xff\x0a"sv, "a JPEG XL picture"sv},
     {"\0\0\0\x0CjP  "sv, "a JPEG 2000 picture"sv},
     {"8BPS"sv, "a Photoshop picture"sv},
     {"<svg"sv, "an SVG picture"sv},
     {"%PDF"sv, "a PDF document"sv},
     {"\x1f\x8b"sv, "compressed by gzip; unpack it first"sv},
     {"\xfd"
      "7zXZ"sv,
      "compressed by xz; unpack it first"sv},
     {"version https://git-lfs"sv, "a pointer of Git LFS; `git lfs pull` fetches the file"sv},
     {"<?xml"sv, "an XML document, as SVG pictures are"sv},
     {"<!DOCTYPE"sv, page},
     {"<!doctype"sv, page},
     {"<HTML"sv, page},
     {"<html"sv, page}});

/// As one word of a shell's command.
std::string shell_word(const std::string& text) {
  constexpr auto plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:@%,"sv;
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

}  // namespace

std::string ending_of(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending;
}

FileKind kind_of(std::string_view first) {
  for (const Kind& kind : kinds)
    if (first.size() > kind.at && first.substr(kind.at).starts_with(kind.bytes))
      return {kind.words, kind.may_be_torchs};
  return {};
}

std::string conversion_of(const std::string& file) {
  std::string stem = file;
  for (const auto end : {".tar"sv, ".pt"sv, ".pth"sv, ".ckpt"sv, ".bin"sv})
    if (stem.ends_with(end) && stem.size() > end.size()) stem.resize(stem.size() - end.size());
  return fmt::format("tools/convert/pt_to_safetensors.py {} {}", shell_word(file),
                     shell_word(stem + ".safetensors"));
}

}  // namespace robmask
