// An image file: its size, its pixels, which way up it is.

#include "data/codecs/orientation.h"
#include "tests/fuzz/mutators.h"

namespace robmask::fuzz {

// A head can ask for much more than its file has to say: a limit, as every run has one.
constexpr Index most_pixels = Index{1} << 20;

const Reader picture(
    "picture",
    [](std::string_view input) {
      const Path path = put("picture", input);
      Image size, image;
      const bool sized = accepted("picture", [&] { size = read_image_size(path); });
      if (!accepted("picture", [&] { image = decode_bytes(input, "picture", most_pixels); }))
        return;
      check(sized && size.height == image.height && size.width == image.width,
            "the head to say the size of the image");
      check(std::ssize(image.pixels) == image.height * image.width * 3, "a byte a channel");
      const int orientation = exif_orientation(input);
      check(1 <= orientation && orientation <= 8, "one of eight orientations");
      check(std::ssize(upright(image, orientation).pixels) == std::ssize(image.pixels),
            "no pixel lost in turning");
    },
    other_picture);

}  // namespace robmask::fuzz
