#pragma once
// Bilinear resizing with antialiasing, as Pillow's Image.resize(BILINEAR) does it (and so
// torchvision on Pillow images): when shrinking, the triangle is as wide as the pixels it covers.

#include "data/decode.h"

namespace robmask {

struct Box {
  Index top = 0, left = 0, height = 0, width = 0;
  bool operator==(const Box&) const = default;
};

/// A copy of the box, which must lie inside the image.
Image crop(const Image& image, const Box& box);

/// The image at height × width: columns first, then rows, rounded to bytes after each, in fixed
/// point with 22 fractional bits, so that the result has the same bits as Pillow's and on every
/// machine.
Image resize(const Image& image, Index height, Index width);

/// crop(resize(image, height, width), part), of which no more than that part is computed: a strip
/// of a pixel's width grows to millions of rows.
Image resize(const Image& image, Index height, Index width, const Box& part);

}  // namespace robmask
