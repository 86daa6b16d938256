#pragma once
// The views of an image that an ImageNet-style network is trained and tested on, after
// torchvision's RandomResizedCrop, RandomHorizontalFlip, Resize and CenterCrop.

#include "data/resize.h"
#include "engine/random.h"

namespace robmask {

/// A box of 8 … 100 % of the area and a ratio of width to height in 3/4 … 4/3 (uniform in its
/// logarithm), anywhere in the image. After ten boxes that do not fit: the largest central box
/// whose ratio is in range.
Box random_resized_box(Index height, Index width, const Stream& stream);

/// The random box at side × side, mirrored with probability ½.
Image train_view(const Image& image, Index side, const Stream& stream);

/// The shorter side resized to `side`, then the central side × side: an image of that size as it
/// is.
Image fitted(const Image& image, Index side);

/// The shorter side resized to 8/7 of `side` (256 for 224), then the central side × side.
Image test_view(const Image& image, Index side);

/// Up to this side, networks are trained on whole pictures; above, on crops.
inline constexpr Index largest_whole_side = 64;
/// What the shorter side of a picture becomes before the central side × side is cut out, as for the
/// test images of a network of that side: `side` of whole pictures, else that of a test_view().
Index shorter_side(Index side);
/// That view of a picture of any size: fitted(), or a test_view().
Image shown(const Image& image, Index side);

}  // namespace robmask
