#pragma once
// What a mask lets through of one image, and what another mask makes of it.

#include <functional>
#include <vector>

#include "data/files/json.h"
#include "engine/choice.h"
#include "models/model.h"

namespace robmask {

/// The feature maps of one image after a ReLU, without their outermost pixels: those show zero
/// padding, often brighter than all else. Maps of less than 3 × 3 pixels are whole.
struct FeatureMaps {
  /// `whole`: 1 H W C. `at` gives the value of a channel at a pixel.
  FeatureMaps(const Shape& whole, const std::function<double(Index channel, Index y, Index x)>& at);

  /// The pixels of one map, row by row; `white` becomes 1. All zero if white is 0.
  std::vector<double> map(Index channel, double white) const;

  Shape shape;                           // without the edge
  std::vector<double> values;            // map by map
  std::vector<double> means, brightest;  // of each map
};

/// What became of a map (appendix A.3): all zero before and after; all zero where it was not; a
/// mean at least twice as large, or at most half as large.
enum class Fate { kept, dead, blocked, magnified, weakened };
constexpr auto names(Fate) {
  using enum Fate;
  return std::to_array<Named<Fate>>({{kept, ""},
                                     {dead, "dead"},
                                     {blocked, "blocked"},
                                     {magnified, "magnified"},
                                     {weakened, "weakened"}});
}
Fate fate_of(double mean_before, double mean_after);

/// For each mask strength, the feature maps of one image {1,H,W,3} behind the first norm and ReLU:
/// {"maps": a data URI of at most 64 maps, one below the other; "means": the mean of each; "fates":
/// what became of each since the first strength}. A map is drawn on one scale of grey for all
/// strengths, white where it is brightest anywhere.
std::vector<Json> map_json(const Model& model, const Tensor& image,
                           const std::vector<double>& masks);

}  // namespace robmask
