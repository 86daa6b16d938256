#pragma once
// What a pass through a network uses: which mask, which statistics, which mode. A Context travels
// with the images; no layer is ever switched.

#include <functional>
#include <string>
#include <vector>

#include "engine/lens.h"
#include "engine/shared_rows.h"

namespace robmask {

/// Which statistics normalize. train: the batch's own, and running statistics are updated; frozen:
/// the batch's own, nothing is updated; eval: the running ones.
enum class Mode { train, frozen, eval };

/// A range of images that is normalized together and goes through one mask (or one mask an image).
struct Segment {
  Index images = 0;
  Mode mode = Mode::eval;
  /// u: the code of the attack strength over the k masks. {1,1,1,k}, or {images,1,1,k}.
  Tensor code;
  /// The code over the statistics pairs, used in eval mode. {1,1,1,pairs}, or {images,1,1,pairs}.
  Tensor pair_code;
  /// The pair that a train pass updates.
  Index pair = 0;
  /// If the statistics of the batch's other shards count, too: the way to them.
  std::shared_ptr<SharedRows> shared = {};
  /// For passes in eval mode between which no parameter changes: masks are made in the first one
  /// and kept here. Empty: each pass makes its own.
  std::shared_ptr<KeptMasks> kept = {};
};

/// Segments lie one after the other along the images. RobMask's and AdvProp's two forward passes
/// are one batch of 2N images with two segments, clean first: each is normalized by its own
/// statistics, and running statistics are updated in list order.
struct Context {
  std::vector<Segment> segments;
  /// If any: called with what each mask lets through, under its norm's name ("layer1.0.bn1").
  std::function<void(const std::string& norm, const Tensor& y)> watch = {};

  Index images() const {
    Index total = 0;
    for (const Segment& s : segments) total += s.images;
    return total;
  }
  /// Whether some segment is normalized by its own statistics.
  bool takes_batch_statistics() const {
    for (const Segment& s : segments)
      if (s.mode != Mode::eval) return true;
    return false;
  }
};

}  // namespace robmask
