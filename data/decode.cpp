#include "data/decode.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>

#include "data/cut_short.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_ONLY_PNM
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 65536
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace robmask {
namespace {

constexpr Index most_pixels = Index{1} << 28;

std::string read_file(const Path& path) {
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;  // stb_image counts in int
  return read_text(path, most_bytes);
}

InputError broken(const Path& path, std::string_view reason) {
  return InputError(fmt::format(
      "{}: expected a whole JPEG, PNG, BMP or PNM image, got: {}; replace or remove the file, or "
      "leave such files out with --broken-images skip",
      path.string(), reason));
}

Image size_of_bytes(const Path& path, const std::string& bytes) {
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                             static_cast<int>(bytes.size()), &width, &height, &channels)) {
    throw broken(path, bytes.empty() ? "an empty file" : stbi_failure_reason());
  }
  if (Index{width} * height > most_pixels) throw broken(path, "more than 2^28 pixels");
  return {height, width, {}};
}

}  // namespace

bool is_image_file(const Path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  constexpr std::string_view known[] = {".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm"};
  return std::find(std::begin(known), std::end(known), ending) != std::end(known);
}

Image decode_image(const Path& path) {
  const std::string bytes = read_file(path);
  Image image = size_of_bytes(path, bytes);
  if (is_cut_short(bytes, image)) throw broken(path, "an image that was cut short");
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                            static_cast<int>(bytes.size()), &width, &height, &channels, 3),
      stbi_image_free);
  if (!pixels) throw broken(path, stbi_failure_reason());
  image.pixels.assign(pixels.get(), pixels.get() + image.height * image.width * 3);
  return image;
}

Image read_image_size(const Path& path) { return size_of_bytes(path, read_file(path)); }

}  // namespace robmask
