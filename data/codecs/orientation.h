#pragma once
// Which way up a picture is: cameras store the sensor's rows and note how they were held.

#include <string_view>

#include "data/decode.h"

namespace robmask {

/// The orientation that a file of these bytes notes, 1 to 8: tag 0x0112 of EXIF (CIPA DC-008), in a
/// JPEG's APP1 segment or a PNG's eXIf chunk. 1, as it is stored, where there is none or nothing
/// that could be one; the bytes may hold anything.
int exif_orientation(std::string_view bytes);

/// The picture as it was seen, of one that is stored in that orientation.
Image upright(Image stored, int orientation);

}  // namespace robmask
