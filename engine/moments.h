#pragma once
// What a convolution may leave for the mask behind it: the moments of the map that it has written,
// so that batch statistics need not read it again.

#include "engine/tensor.h"

namespace robmask {

/// The moments of each channel over pieces of a map's rows. The pieces follow each other; only the
/// last may be shorter.
struct Moments {
  Tensor pieces;  // f64 {pieces,1,2,C}: the mean of a piece and Σ (x − mean)²; or empty
  Index piece = 0, rows = 0;  // how many rows a piece has, and the map

  explicit operator bool() const { return static_cast<bool>(pieces); }

  /// Those of `count` rows from `first` on; empty where a piece would hold rows of others, too.
  Moments part(Index first, Index count) const {
    if (!pieces || first % piece != 0) return {};
    if (count % piece != 0 && first + count != rows) return {};
    return {pieces.images(first / piece, (count + piece - 1) / piece), piece, count};
  }
};

}  // namespace robmask
