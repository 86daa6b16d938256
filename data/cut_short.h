#pragma once
// Was an image file cut short? stb_image would give pixels it made up for the missing ones.

#include <string_view>

#include "data/decode.h"

namespace robmask {

/// True if a JPEG has no end after its last scan, or if a BMP or PNM file has fewer bytes than its
/// pixels take. `bytes` are a whole file whose head gives this height and width. (stb_image itself
/// notices where a PNG ends too soon.)
bool is_cut_short(std::string_view bytes, const Image& size);

}  // namespace robmask
