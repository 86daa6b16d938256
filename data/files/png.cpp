#include "data/files/png.h"

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

#include <algorithm>
#include <limits>

#include "data/files/atomic_file.h"

namespace robmask {

Picture tile_images(std::span<const std::uint8_t> images, const Shape& shape, Tiling tiling) {
  const auto [n, h, w, c] = shape;
  expect((c == 1 || c == 3) && n > 0 && static_cast<Index>(images.size()) == shape.count(),
         "{} bytes cannot be tiled as images of shape {}", images.size(), to_string(shape));
  expect(tiling.columns > 0 && tiling.padding >= 0 && tiling.scale > 0, "a tiling of no size");
  const Index columns = std::min(tiling.columns, n), rows = (n + columns - 1) / columns;
  const Index tile_h = h * tiling.scale + tiling.padding,
              tile_w = w * tiling.scale + tiling.padding;
  Picture picture{rows * tile_h + tiling.padding, columns * tile_w + tiling.padding, {}};
  picture.rgb.assign(static_cast<std::size_t>(picture.height * picture.width * 3), tiling.ground);
  for (Index i = 0; i < n; ++i) {
    const Index top = i / columns * tile_h + tiling.padding;
    const Index left = i % columns * tile_w + tiling.padding;
    for (Index y = 0; y < h * tiling.scale; ++y) {
      for (Index x = 0; x < w * tiling.scale; ++x) {
        const Index pixel = (i * h + y / tiling.scale) * w + x / tiling.scale;
        const Index place = (top + y) * picture.width + left + x;
        for (Index channel = 0; channel < 3; ++channel) {
          picture.rgb[static_cast<std::size_t>(place * 3 + channel)] =
              images[static_cast<std::size_t>(pixel * c + std::min(channel, c - 1))];
        }
      }
    }
  }
  return picture;
}

std::vector<std::byte> encode_png(const Picture& picture) {
  const auto [height, width, rgb] = picture;
  expect(height > 0 && width > 0 && static_cast<Index>(rgb.size()) == height * width * 3 &&
             height * width * 3 <= std::numeric_limits<int>::max() / 2,
         "{} bytes are no picture of {}x{} pixels", rgb.size(), height, width);
  std::vector<std::byte> bytes;
  const auto collect = [](void* context, void* data, int size) {
    const auto* first = static_cast<const std::byte*>(data);
    auto& all = *static_cast<std::vector<std::byte>*>(context);
    all.insert(all.end(), first, first + size);
  };
  const int done =
      stbi_write_png_to_func(collect, &bytes, static_cast<int>(width), static_cast<int>(height), 3,
                             rgb.data(), static_cast<int>(width * 3));
  expect(done != 0, "a picture of {}x{} pixels could not be compressed", height, width);
  return bytes;
}

void write_png(const Path& path, const Picture& picture) { write_file(path, encode_png(picture)); }

}  // namespace robmask
