// JPEG, by libjpeg(-turbo) with its defaults, as Pillow uses it. It makes up what is missing or
// damaged and only warns: here a warning about data is an error.

#include <cstdio>
#include <vector>

#include <jpeglib.h>  // after cstdio, which it needs

#include <jerror.h>

#include "data/codecs/codec.h"
#include "data/codecs/escape.h"
#include "data/files/input_file.h"
#include "engine/check.h"

namespace robmask {
namespace {

/// Each scan of a progressive JPEG is a pass over all pixels, whatever it holds; encoders make ten.
constexpr int most_scans = 100;

class Jpeg {
 public:
  jpeg_decompress_struct head{};

  Jpeg() {
    head.err = jpeg_std_error(&errors_);
    head.client_data = this;
    errors_.error_exit = leave;
    errors_.emit_message = [](j_common_ptr common, int level) {
      const int code = common->err->msg_code;
      const bool harmless = level >= 0 || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
                            code == JWRN_NOT_SEQUENTIAL;  // the pixels are what they would be
      if (!harmless) leave(common);
    };
    progress_.progress_monitor = [](j_common_ptr common) {
      Jpeg& jpeg = *static_cast<Jpeg*>(common->client_data);
      if (jpeg.head.input_scan_number > most_scans) jpeg.escape_.leave("more than 100 scans");
    };
  }
  ~Jpeg() { jpeg_destroy_decompress(&head); }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;

  void open(std::string_view bytes) {
    run([&] {
      jpeg_create_decompress(&head);  // keeps err and client_data
      head.progress = &progress_;
      jpeg_mem_src(&head, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_read_header(&head, TRUE);
    });
  }

  /// Calls libjpeg; throws Damaged where it gives up.
  template <class F>
  void run(const F& steps) {
    if (stays(escape_, steps)) return;
    const int code = errors_.msg_code;
    if (code == JWRN_JPEG_EOF || code == JERR_INPUT_EOF) throw Damaged{"that was cut short"};
    throw Damaged{fmt::format("that libjpeg refuses: {}", printable(escape_.said.data()))};
  }

 private:
  static void leave(j_common_ptr common) {
    std::array<char, JMSG_LENGTH_MAX> message{};
    common->err->format_message(common, message.data());
    static_cast<Jpeg*>(common->client_data)->escape_.leave(message.data());
  }

  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  Escape escape_;
};

/// As in Pillow, inks are stored inverted, as by Adobe's programs, whether a marker says so or not.
void inks_to_rgb(const std::vector<std::uint8_t>& inks, std::uint8_t* rgb) {
  for (std::size_t at = 0; at < inks.size(); at += 4) {
    const int white = inks[at + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const int product = (255 - inks[at + c]) * white + 128;
      *rgb++ = static_cast<std::uint8_t>(white - ((product + (product >> 8)) >> 8));
    }
  }
}

Image jpeg_size(std::string_view bytes) {
  Jpeg jpeg;
  jpeg.open(bytes);
  return {jpeg.head.image_height, jpeg.head.image_width, {}};
}

void read_jpeg(std::string_view bytes, Image& image) {
  Jpeg jpeg;
  jpeg.open(bytes);
  make_room(image);
  const bool four = jpeg.head.num_components == 4;
  std::vector<std::uint8_t> inks(four ? static_cast<std::size_t>(image.width * 4) : 0);
  jpeg.run([&] {
    jpeg.head.out_color_space = four ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&jpeg.head);
    for (Index y = 0; y < image.height; ++y) {
      JSAMPROW rgb = image.pixels.data() + y * image.width * 3, row = four ? inks.data() : rgb;
      jpeg_read_scanlines(&jpeg.head, &row, 1);
      if (four) inks_to_rgb(inks, rgb);
    }
    jpeg_finish_decompress(
        &jpeg.head);  // reads on to the end of the image: what follows may be any
  });
}

}  // namespace

const Codec jpeg_codec{"JPEG", [](std::string_view b) { return b.starts_with("\xFF\xD8\xFF"); },
                       jpeg_size, read_jpeg};

}  // namespace robmask
