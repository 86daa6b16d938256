#pragma once
// Tensors as small pictures inside a page.

#include <span>
#include <string>

#include "data/files/png.h"

namespace robmask {

/// The bytes as letters (RFC 4648).
std::string base64(std::span<const std::byte> bytes);

/// Values in [0,1], clamped, h·w·c with c = 1 (grey) or 3, as a picture whose longer side is at
/// most `most` pixels.
Picture thumbnail(std::span<const double> values, Index height, Index width, Index most = 64);

/// A picture as the address of an image that needs no file: "data:image/png;base64,…".
std::string data_uri(const Picture& picture);

}  // namespace robmask
