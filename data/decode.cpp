#include "data/decode.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>

#include "data/codecs/codec.h"
#include "data/codecs/orientation.h"
#include "data/files/file_kind.h"

namespace robmask {
namespace {

constexpr Index longest_side = 65536;
constexpr std::string_view or_skip = "or leave such files out with `broken_images` skip";

const Codec& codec_of(std::string_view bytes, const std::string& name) {
  for (const Codec* codec : {&jpeg_codec, &png_codec, &bmp_codec, &pnm_codec})
    if (codec->begins(bytes)) return *codec;
  std::string got(bytes.empty() ? "an empty file" : kind_of(bytes).words);
  if (got.empty()) got = "a file that begins with " + printable(bytes.substr(0, 8));
  throw InputError(
      fmt::format("{}: expected a JPEG, PNG, BMP or PNM image, got {}; convert, replace or remove "
                  "it, {}",
                  name, got, or_skip));
}

/// An image whose head has been read.
class Opened {
 public:
  Opened(std::string_view bytes, std::string name, Index max_pixels)
      : bytes_(bytes), name_(std::move(name)), codec_(codec_of(bytes, name_)) {
    try {
      image_ = codec_.size(bytes);
    } catch (const Damaged& damaged) {
      refuse(damaged);
    }
    const Index height = image_.height, width = image_.width;
    const std::string size = fmt::format("of {}x{} pixels", width, height);
    if (std::min(height, width) == 0) refuse({size});
    if (std::max(height, width) > longest_side)
      refuse({fmt::format("{}, more than {} a side", size, longest_side)});
    require(
        height * width <= max_pixels,
        "{}: expected at most {} pixels (`max_pixels`), got a {} {}; give a larger `max_pixels`, "
        "make the image smaller, {}",
        name_, max_pixels, codec_.name, size, or_skip);
  }

  const Image& size() const { return image_; }
  Image decode() && {
    try {
      codec_.read(bytes_, image_);
    } catch (const Damaged& damaged) {
      refuse(damaged);
    }
    return std::move(image_);
  }

 private:
  [[noreturn]] void refuse(const Damaged& damaged) const {
    throw InputError(
        fmt::format("{}: expected a whole image, got a {} {}; replace or remove the file, {}",
                    name_, codec_.name, damaged.words, or_skip));
  }

  std::string_view bytes_;
  std::string name_;
  const Codec& codec_;
  Image image_;
};

/// The file, unless its first bytes say that it is no image.
std::string read_whole(const InputFile& file) {
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
  codec_of(file.head(telling_bytes), file.name());
  require(file.size() <= most_bytes, "{}: expected an image of at most {} bytes, got {}; {}",
          file.name(), most_bytes, file.size(), or_skip);
  return file.head(most_bytes);
}

/// A share of the pixels that threads may hold at a time; at least one thread has one.
class Share {
 public:
  explicit Share(Index pixels) : pixels_(pixels) {
    std::unique_lock lock(guard);
    freed.wait(lock, [&] { return held == 0 || held + pixels <= usual_max_pixels; });
    held += pixels;
  }
  ~Share() {
    const std::lock_guard lock(guard);
    held -= pixels_;
    freed.notify_all();
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

 private:
  static inline std::mutex guard;
  static inline std::condition_variable freed;
  static inline Index held = 0;
  Index pixels_;
};

}  // namespace

bool is_image_file(const Path& path) {
  constexpr std::string_view known[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png",
                                        ".bmp", ".ppm",  ".pgm", ".pbm",  ".pnm"};
  return std::ranges::count(known, ending_of(path)) > 0;
}

Image decode_bytes(std::string_view bytes, const std::string& name, Index max_pixels) {
  return Opened(bytes, name, max_pixels).decode();
}

Image decode_image(const Path& path, Index max_pixels) {
  return decode_bytes(read_whole(InputFile(path)), path.string(), max_pixels);
}

namespace {

void with_decoded(const Path& path, Index max_pixels, bool turned,
                  const std::function<void(const Image&)>& use) {
  std::string bytes = read_whole(InputFile(path));
  const int orientation = turned ? exif_orientation(bytes) : 1;
  Opened opened(bytes, path.string(), max_pixels);
  const Share share(opened.size().height * opened.size().width);
  const Image image = upright(std::move(opened).decode(), orientation);
  std::string().swap(bytes);
  use(image);
}

}  // namespace

void with_image(const Path& path, Index max_pixels, const std::function<void(const Image&)>& use) {
  with_decoded(path, max_pixels, false, use);
}

void with_upright(const Path& path, Index max_pixels,
                  const std::function<void(const Image&)>& use) {
  with_decoded(path, max_pixels, true, use);
}

Image read_image_size(const Path& path) {
  constexpr std::uint64_t usual_head = std::uint64_t{1} << 14;
  const InputFile file(path);
  const auto size_in = [&](const std::string& bytes) {
    return Opened(bytes, file.name(), std::numeric_limits<Index>::max()).size();
  };
  try {
    return size_in(file.head(usual_head));
  } catch (const InputError&) {  // a JPEG's head may hold a small picture and more
    if (file.size() <= usual_head) throw;
    return size_in(read_whole(file));
  }
}

}  // namespace robmask
